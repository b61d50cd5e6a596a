import { join } from 'node:path';
import { buildOnnxRuntimeLayer } from '../layers/onnxruntime/build.ts';
import type { Host } from './host.ts';

/** What the app's functions are built for, unless its stacks are told otherwise. */
const LAMBDA: Host = { platform: 'linux', arch: 'x64' };

/**
 * onnxruntime for the machine where functions run locally, when that is another one than on Lambda: the layer in the
 * templates holds native code that would not load there.
 * @returns folder for NODE_PATH; undefined when the layer of the templates runs as it is
 */
export async function prepareHostLayer(machine: Host, runDirectory: string): Promise<string | undefined> {
  if (machine.platform === LAMBDA.platform && machine.arch === LAMBDA.arch) return undefined;
  const outDir = join(runDirectory, 'layer');
  await buildOnnxRuntimeLayer({ ...machine, outDir });
  return join(outDir, 'nodejs', 'node_modules');
}
