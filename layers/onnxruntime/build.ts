import { existsSync, statSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StrataError } from '../../core/errors.ts';
import {
  LAMBDA_UNPACKED_BYTES,
  type LayerFiles,
  type LayerTarget,
  layerFiles,
  layerPackages,
} from './layer-files.ts';
import { zipLayer } from './zip.ts';

export interface LayerBuild extends LayerTarget {
  /** Folder that the result is written to; made when it is missing. */
  readonly outDir: string;
}

export interface BuiltLayer {
  readonly path: string;
  /** Size of the zip, or of all unpacked files. */
  readonly bytes: number;
}

/**
 * Copies the layer's files to `outDir`, as Lambda unpacks them: `outDir/nodejs/node_modules` is what `NODE_PATH` must name.
 *
 * @throws StrataError `RUNTIME_MISSING`, `UNSUPPORTED_HOST`, `LAYER_TOO_LARGE`
 */
export async function buildOnnxRuntimeLayer({ platform, arch, outDir }: LayerBuild): Promise<BuiltLayer> {
  const files = layerFiles({ platform, arch });
  const bytes = checkedSize(files);
  await unlessDone(join(outDir, '.built-from'), key(files), async () => {
    for (const [path, source] of files) {
      const target = join(outDir, path);
      await mkdir(dirname(target), { recursive: true });
      await copyFile(source, target);
    }
  });
  return { path: outDir, bytes };
}

/**
 * Packs the layer to `outDir/onnxruntime-<platform>-<arch>.zip`, unless the zip of these package versions is there.
 *
 * @throws StrataError `RUNTIME_MISSING`, `UNSUPPORTED_HOST`, `LAYER_TOO_LARGE`
 */
export async function buildLayerZip({ platform, arch, outDir }: LayerBuild): Promise<BuiltLayer> {
  const files = layerFiles({ platform, arch });
  checkedSize(files);
  const path = join(outDir, `onnxruntime-${platform}-${arch}.zip`);
  if (!existsSync(path)) await rm(`${path}.built-from`, { force: true });
  await unlessDone(`${path}.built-from`, key(files), async () => {
    await mkdir(outDir, { recursive: true });
    await writeFile(`${path}.part`, await zipLayer(files));
    await rename(`${path}.part`, path);
  });
  return { path, bytes: statSync(path).size };
}

/** Writes the versions that the layers are made of to `outDir/onnxruntime.json`: package -> version. */
export async function writeLayerVersions(outDir: string): Promise<void> {
  const versions = Object.fromEntries(layerPackages().map((each) => each.split('@')));
  await mkdir(outDir, { recursive: true });
  await writeFile(join(outDir, 'onnxruntime.json'), `${JSON.stringify(versions)}\n`);
}

function checkedSize(files: LayerFiles): number {
  const bytes = [...files.values()].reduce((sum, file) => sum + statSync(file).size, 0);
  if (bytes > LAMBDA_UNPACKED_BYTES) {
    throw new StrataError(
      'LAYER_TOO_LARGE',
      `The onnxruntime layer has ${bytes} bytes; Lambda takes ${LAMBDA_UNPACKED_BYTES} with the function. Use a smaller build of onnxruntime.`,
    );
  }
  return bytes;
}

/** What a layer is made from; another key means another layer. */
function key(files: LayerFiles): string {
  const sizes = [...files].map(([path, source]) => `${path} ${statSync(source).size}`);
  return `${[...layerPackages(), ...sizes].join('\n')}\n`;
}

/** Does the work and notes the key, unless the note says that it was done. The note is written last. */
async function unlessDone(note: string, wanted: string, work: () => Promise<void>): Promise<void> {
  const done = await readFile(note, 'utf8').catch(() => undefined);
  if (done === wanted) return;
  await work();
  await writeFile(note, wanted);
}
