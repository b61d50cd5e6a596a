import type { Template } from 'aws-cdk-lib/assertions';

/** What somebody asks AWS for, as IAM sees it. */
export interface IamRequest {
  readonly action: string;
  /** ARN, in the words of `arnText`. */
  readonly resource: string;
  /** Condition keys of the request; one that is left out is not in its context. */
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** An ARN of a template as text: joined where it is joined, other intrinsic functions as they stand. */
export function arnText(value: unknown): string {
  if (typeof value === 'string') return value;
  const [separator, parts] = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'] ?? [];
  return parts ? parts.map(arnText).join(separator) : JSON.stringify(value);
}

/**
 * The policies of a template that are about a role and what it asks for: its own, and those of buckets. As much of IAM's
 * evaluation as they use; an operator that is not known here fails the test.
 */
export class PolicyEvaluator {
  readonly #statements: readonly Statement[];

  /** @param role begins the logical id of the role */
  constructor(template: Template, role: string) {
    const own = Object.values(template.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
      (Properties.Roles as { Ref: string }[]).some(({ Ref }) => Ref.startsWith(role)),
    );
    const ofBuckets = Object.values(template.findResources('AWS::S3::BucketPolicy'));
    this.#statements = [
      ...own.flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[]),
      ...ofBuckets
        .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[])
        .filter(({ Effect }) => Effect === 'Deny'),
    ];
    if (own.length === 0) throw new Error(`No policy belongs to a role whose id begins with ${role}`);
  }

  allows(request: IamRequest): boolean {
    const matching = this.#statements.filter((statement) => applies(statement, request));
    return (
      matching.some(({ Effect }) => Effect === 'Allow') && !matching.some(({ Effect }) => Effect === 'Deny')
    );
  }
}

function applies({ Action, Resource, Condition = {} }: Statement, request: IamRequest): boolean {
  const resources = [Resource].flat().map(arnText);
  return (
    [Action].flat().some((action) => like(action, request.action)) &&
    resources.some((resource) => like(resource, request.resource)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) =>
        holds(operator, [wanted].flat(), request.context?.[key] ?? []),
      ),
    )
  );
}

/** Source: IAM user guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys". */
function holds(operator: string, wanted: readonly string[], found: readonly string[]): boolean {
  const anyOf = (value: string) => wanted.some((pattern) => like(pattern, value));
  switch (operator) {
    case 'ForAllValues:StringLike':
      return found.every(anyOf);
    case 'StringLike':
    case 'Bool':
      return found.some(anyOf);
    case 'StringLikeIfExists':
      return found.length === 0 || found.some(anyOf);
    case 'Null':
      return wanted.includes(String(found.length === 0));
    case 'NumericLessThan':
      return found.some((value) => wanted.some((limit) => Number(value) < Number(limit)));
    default:
      throw new Error(`This evaluator does not know the condition operator ${operator}`);
  }
}

function like(pattern: string, text: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  if (others.length === 0) return pattern === text;
  const last = others.pop() ?? '';
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false;
  let at = first.length;
  for (const part of others) {
    const next = text.indexOf(part, at);
    if (next < 0) return false;
    at = next + part.length;
  }
  return at <= text.length - last.length;
}
