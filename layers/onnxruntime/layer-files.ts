import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runtimeFolder } from '../../core/engine/native-binding.ts';
import { StrataError } from '../../core/errors.ts';

/** Where a layer runs, in the words of `process.platform` and `process.arch`. */
export interface LayerTarget {
  readonly platform: string;
  readonly arch: string;
}

/** Path in the layer -> file that it is copied from, sorted by path. */
export type LayerFiles = ReadonlyMap<string, string>;

/** Lambda's limit for a function with all its layers, unpacked. Source: AWS Lambda developer guide, "Lambda quotas". */
export const LAMBDA_UNPACKED_BYTES = 262_144_000;

const LICENSE = join(import.meta.dirname, 'LICENSE.onnxruntime');
const MODULES = 'nodejs/node_modules';

/**
 * The files of onnxruntime that one platform needs at run time; the package as installed holds five platforms and is too
 * large for Lambda. Type declarations and source maps stay behind. The shared library must lie beside the binding.
 *
 * @throws StrataError `RUNTIME_MISSING`, `UNSUPPORTED_HOST`
 */
export function layerFiles({ platform, arch }: LayerTarget): LayerFiles {
  const { node, common } = packageFolders();
  const native = `bin/napi-v6/${platform}/${arch}`;
  if (!existsSync(join(node, native))) {
    throw new StrataError(
      'UNSUPPORTED_HOST',
      `onnxruntime-node has no binary for ${platform}-${arch}; it has ${binaries(node).join(', ')}.`,
    );
  }
  const files: [string, string][] = [
    ...copied('onnxruntime-node', node, ['package.json', ...javaScript(node, 'dist'), ...all(node, native)]),
    ...copied('onnxruntime-common', common, ['package.json', ...javaScript(common, 'dist/cjs')]),
    [`${MODULES}/onnxruntime-node/LICENSE`, LICENSE],
    [`${MODULES}/onnxruntime-common/LICENSE`, LICENSE],
  ];
  return new Map(files.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Name and version of the packages that a layer is made of. */
export function layerPackages(): string[] {
  const { node, common } = packageFolders();
  return [node, common].map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
      string,
      string
    >;
    return `${name}@${version}`;
  });
}

function packageFolders(): { node: string; common: string } {
  const node = runtimeFolder();
  const entry = createRequire(join(node, 'package.json')).resolve('onnxruntime-common');
  return { node, common: dirname(dirname(dirname(entry))) };
}

function copied(name: string, folder: string, paths: readonly string[]): [string, string][] {
  return paths.map((path) => [`${MODULES}/${name}/${path}`, join(folder, path)]);
}

function javaScript(root: string, folder: string): string[] {
  return all(root, folder).filter((path) => path.endsWith('.js') || path.endsWith('/package.json'));
}

function all(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => `${folder}/${name}`);
}

function binaries(node: string): string[] {
  const root = join(node, 'bin', 'napi-v6');
  return readdirSync(root).flatMap((platform) =>
    readdirSync(join(root, platform)).map((arch) => `${platform}-${arch}`),
  );
}
