/** A CloudFormation template, as far as deletion goes. */
export interface StoredTemplate {
  readonly Resources?: Readonly<Record<string, StoredResource>>;
  readonly [section: string]: unknown;
}

interface StoredResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Metadata?: Readonly<Record<string, unknown>>;
  readonly [attribute: string]: unknown;
}

/** Properties that keep a resource from being deleted, and their values when they do not. */
const PROTECTIONS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'AWS::Cognito::UserPool': { DeletionProtection: 'INACTIVE' },
  'AWS::DynamoDB::Table': { DeletionProtectionEnabled: false },
};

/**
 * The template with nothing in it that would survive the deletion of its stack. Everything else stays as it is, so that
 * an update by it changes nothing but that.
 */
export function withoutProtection(template: StoredTemplate): StoredTemplate {
  const resources = Object.entries(template.Resources ?? {});
  return {
    ...template,
    Resources: Object.fromEntries(resources.map(([id, resource]) => [id, unprotected(resource)])),
  };
}

/** Whether a resource goes when its stack is deleted. */
export function isDeletedWithStack({ Resources }: StoredTemplate, logicalId: string): boolean {
  const policy = Resources?.[logicalId]?.['DeletionPolicy'];
  return policy === undefined || policy === 'Delete';
}

function unprotected({ DeletionPolicy, UpdateReplacePolicy, ...resource }: StoredResource): StoredResource {
  const { Properties, Metadata } = resource;
  const lifted = Object.entries(PROTECTIONS[resource.Type] ?? {}).filter(
    ([name]) => Properties?.[name] !== undefined,
  );
  const isKept = DeletionPolicy !== undefined && DeletionPolicy !== 'Delete';
  return {
    ...resource,
    ...(lifted.length > 0 && { Properties: { ...Properties, ...Object.fromEntries(lifted) } }),
    // CloudFormation takes another deletion policy only together with another change of the resource.
    ...(isKept && { Metadata: { ...Metadata, 'strata:deletion': 'requested' } }),
    // Named, not left out: tables and buckets of CloudFormation have other defaults than other resources.
    ...((DeletionPolicy !== undefined || isKept) && { DeletionPolicy: 'Delete' }),
    ...(UpdateReplacePolicy !== undefined && { UpdateReplacePolicy: 'Delete' }),
  };
}
