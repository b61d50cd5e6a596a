import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Logical ids of the inference function and its parts begin so. */
const INFER = 'PlatformServingInfer';

interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
}

/** Logical ids that the release of new code of the inference function is about. */
export interface ReleasedFunction {
  readonly functionId: string;
  readonly deploymentGroupId: string;
  readonly applicationId: string;
}

/**
 * Turns an assembly into one that releases new code of the inference function: another description, and so another
 * version, to which the alias is shifted. Nothing else differs.
 */
export async function makeRelease(
  assembly: string,
  stack: string,
  description: string,
): Promise<ReleasedFunction> {
  const path = join(assembly, `${stack}.template.json`);
  const before = await readFile(path, 'utf8');
  const { Resources } = JSON.parse(before) as { Resources: Record<string, Resource> };
  const idOf = (type: string, prefix = '') => {
    const found = Object.keys(Resources).find((id) => id.startsWith(prefix) && Resources[id]?.Type === type);
    if (found === undefined) throw new Error(`${stack} holds no ${type} whose name begins with "${prefix}"`);
    return found;
  };
  const functionId = idOf('AWS::Lambda::Function', INFER);
  const versionId = idOf('AWS::Lambda::Version', INFER);
  const aliasId = idOf('AWS::Lambda::Alias', INFER);
  const { UpdatePolicy } = Resources[aliasId] as {
    UpdatePolicy?: { CodeDeployLambdaAliasUpdate: Record<string, { Ref: string }> };
  };
  const shift = UpdatePolicy?.CodeDeployLambdaAliasUpdate;
  Object.assign(Resources[functionId]?.Properties ?? {}, { Description: description });
  const changed = JSON.stringify({ ...JSON.parse(before), Resources });
  // A version is published for each new logical id.
  const digest = createHash('sha256').update(changed).digest('hex');
  const after = changed.replaceAll(versionId, `${versionId.slice(0, -32)}${digest.slice(0, 32)}`);
  await writeFile(path, after);
  await renameTemplate(assembly, stack, createHash('sha256').update(after).digest('hex'));
  return {
    functionId,
    deploymentGroupId: shift?.['DeploymentGroupName']?.Ref ?? '',
    applicationId: shift?.['ApplicationName']?.Ref ?? '',
  };
}

/** Templates are uploaded by their digest: one that has changed needs another. */
async function renameTemplate(assembly: string, stack: string, digest: string): Promise<void> {
  const assets = join(assembly, `${stack}.assets.json`);
  const text = await readFile(assets, 'utf8');
  const { files } = JSON.parse(text) as { files: Record<string, { source: { path: string } }> };
  const [old] =
    Object.entries(files).find(([, { source }]) => source.path === `${stack}.template.json`) ?? [];
  if (old === undefined) throw new Error(`${assets} does not name the template`);
  await writeFile(assets, text.replaceAll(old, digest));
  const manifest = join(assembly, 'manifest.json');
  await writeFile(manifest, (await readFile(manifest, 'utf8')).replaceAll(old, digest));
}
