import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { synthesiseApp } from './synthesise-app.ts';

interface AssetManifest {
  readonly files?: Readonly<Record<string, { readonly source: { path?: string } }>>;
}

interface Manifest {
  readonly artifacts: Record<
    string,
    { type: string; readonly environment?: string; additionalMetadataFile?: string }
  >;
}

/** Settings of the app in the package, beside the feature flags of cdk.json. */
const CONTEXT = {
  // Functions and layers lie in the package already; the assembly names them where they are.
  'aws:cdk:disable-asset-staging': true,
  'aws:cdk:disable-stack-trace': true,
  'aws:cdk:disable-version-reporting': true,
};

/** Files of an assembly that a deployment does not read; they name paths of the machine that made them. */
const NOT_SHIPPED = /^(tree\.json|validation-report\.json|.*\.metadata\.json|.*\.lock)$/;

/**
 * Synthesises the app in `bin/` for any account and region, to `assets/app/`: what `strata deploy` deploys.
 * Functions and layers must have been built.
 * @returns number of its stacks
 */
export async function packApp(root: string): Promise<number> {
  const target = join(root, 'assets', 'app');
  const folder = await mkdtemp(join(root, 'assets', 'app-'));
  try {
    await synthesiseApp({ root, folder, context: CONTEXT });
    const stacks = await makePortable(folder, target);
    await chmod(folder, 0o755);
    // Two renames, so that who reads it meanwhile finds the one or the other.
    const before = `${folder}.before`;
    if (existsSync(target)) await rename(target, before);
    await rename(folder, target);
    await rm(before, { recursive: true, force: true });
    return stacks;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Leaves no path of this machine in the assembly. */
async function makePortable(folder: string, target: string): Promise<number> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (NOT_SHIPPED.test(name)) await rm(path);
    if (name.endsWith('.assets.json'))
      await rewrite<AssetManifest>(path, (manifest) => relate(manifest, target));
  }
  let stacks = 0;
  await rewrite<Manifest>(join(folder, 'manifest.json'), ({ artifacts }) => {
    for (const [id, artifact] of Object.entries(artifacts)) {
      delete artifact.additionalMetadataFile;
      if (artifact.type === 'cdk:tree') delete artifacts[id];
      if (artifact.type !== 'aws:cloudformation:stack') continue;
      stacks += 1;
      if (artifact.environment !== 'aws://unknown-account/unknown-region') {
        throw new Error(
          `The stack ${id} is bound to ${artifact.environment}: the packed app must deploy anywhere`,
        );
      }
    }
  });
  return stacks;
}

/** Assets by their way from the assembly's final place. */
function relate({ files = {} }: AssetManifest, target: string): void {
  for (const { source } of Object.values(files)) {
    if (source.path?.startsWith('/')) source.path = relative(target, source.path);
  }
}

async function rewrite<T>(path: string, change: (document: T) => void): Promise<void> {
  const document = JSON.parse(await readFile(path, 'utf8')) as T;
  change(document);
  await writeFile(path, JSON.stringify(document, undefined, 1));
}
