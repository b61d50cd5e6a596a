import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly [attribute: string]: unknown;
}

export interface Template {
  readonly Resources?: Readonly<Record<string, Resource>>;
  readonly [section: string]: unknown;
}

/** What stands for a resource that the emulator does not know: it does nothing and has a Ref. */
const NULL_RESOURCE = 'AWS::CloudFormation::WaitConditionHandle';

/** A resource that is not deployed locally. */
export interface LeftOut {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
}

interface AssetManifest {
  readonly files?: Readonly<Record<string, { readonly source: { path?: string } }>>;
}

/** Copies a cloud assembly. Assets that lie outside of it are named by absolute paths in the copy. */
export async function copyAssembly(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true });
  for (const name of await readdir(to, { recursive: true })) {
    if (!name.endsWith('.assets.json')) continue;
    const path = join(to, name);
    const manifest = JSON.parse(await readFile(path, 'utf8')) as AssetManifest;
    const outside = Object.values(manifest.files ?? {}).filter(({ source }) => source.path?.startsWith('..'));
    if (outside.length === 0) continue;
    const folder = resolve(from, name, '..');
    for (const { source } of outside) source.path = resolve(folder, source.path ?? '');
    await writeFile(path, JSON.stringify(manifest, undefined, 1));
  }
}

/** Types of all resources in the templates of a cloud assembly. */
export async function resourceTypes(assembly: string): Promise<Set<string>> {
  const types = new Set<string>();
  for (const name of await readdir(assembly, { recursive: true })) {
    if (!name.endsWith('.template.json')) continue;
    const { Resources = {} } = JSON.parse(await readFile(join(assembly, name), 'utf8')) as Template;
    for (const { Type } of Object.values(Resources)) types.add(Type);
  }
  return types;
}

/**
 * Copies a cloud assembly and replaces, in its templates, what the emulator does not know. Everything else stays the
 * template for AWS.
 */
export async function deriveLocalAssembly(
  from: string,
  to: string,
  knownTypes: ReadonlySet<string>,
): Promise<LeftOut[]> {
  await copyAssembly(from, to);
  const leftOut: LeftOut[] = [];
  for (const name of await readdir(to, { recursive: true })) {
    if (!name.endsWith('.template.json')) continue;
    const path = join(to, name);
    const template = JSON.parse(await readFile(path, 'utf8')) as Template;
    const derived = deriveLocalTemplate(template, knownTypes);
    if (derived.leftOut.length === 0) continue;
    await writeFile(path, JSON.stringify(derived.template, undefined, 1));
    const stack = name.slice(0, -'.template.json'.length);
    leftOut.push(...derived.leftOut.map((resource) => ({ stack, ...resource })));
  }
  return leftOut;
}

/** The template with a null resource in the place of each that the emulator does not know. */
export function deriveLocalTemplate(
  template: Template,
  knownTypes: ReadonlySet<string>,
): { template: Template; leftOut: Omit<LeftOut, 'stack'>[] } {
  const resources = Object.entries(template.Resources ?? {});
  const leftOut = resources
    .filter(([, resource]) => !isKnown(resource, knownTypes))
    .map(([logicalId, { Type }]) => ({ logicalId, type: Type }));
  if (leftOut.length === 0) return { template, leftOut };
  const missing = new Set(leftOut.map(({ logicalId }) => logicalId));
  const replaced = Object.fromEntries(
    resources.map(([logicalId, resource]) => [
      logicalId,
      missing.has(logicalId) ? withoutEffect(resource) : resource,
    ]),
  );
  return {
    template: withoutAttributesOf(missing, { ...template, Resources: replaced }) as Template,
    leftOut,
  };
}

function isKnown({ Type, Properties }: Resource, knownTypes: ReadonlySet<string>): boolean {
  // The emulator knows alarms, but only on one metric: it rejects metric math and anomaly bands.
  if (Type === 'AWS::CloudWatch::Alarm' && Properties?.['Metrics'] !== undefined) return false;
  return knownTypes.has(Type) || Type.startsWith('Custom::');
}

function withoutEffect({ Condition, DependsOn, Metadata }: Resource): Resource {
  return {
    Type: NULL_RESOURCE,
    ...(Condition !== undefined && { Condition }),
    ...(DependsOn !== undefined && { DependsOn }),
    ...(Metadata !== undefined && { Metadata }),
  };
}

/** A null resource has no attributes: whoever asks for one gets a text that says so. */
function withoutAttributesOf(missing: ReadonlySet<string>, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutAttributesOf(missing, item));
  if (value === null || typeof value !== 'object') return value;
  const asked: unknown = (value as Record<string, unknown>)['Fn::GetAtt'];
  // `Resource.Attribute`, or the two as a list.
  const path = (Array.isArray(asked) ? asked : [asked]).map(String).join('.');
  const [logicalId = ''] = path.split('.');
  if (missing.has(logicalId)) return `not-local-${path.replaceAll('.', '-')}`;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withoutAttributesOf(missing, item)]),
  );
}
