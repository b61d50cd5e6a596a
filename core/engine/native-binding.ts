import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StrataError } from '../errors.ts';

/**
 * `require` searches `NODE_PATH`, `import` does not; and on Lambda (and on its local emulator) a layer is found through
 * `NODE_PATH` alone.
 */
const fromHere = createRequire(import.meta.url);

/**
 * The folder of the installed onnxruntime-node: in a Lambda layer, in the user's project, or in ours.
 *
 * @throws StrataError `RUNTIME_MISSING`
 */
export function runtimeFolder(): string {
  try {
    return dirname(fromHere.resolve('onnxruntime-node/package.json'));
  } catch (cause) {
    throw new StrataError(
      'RUNTIME_MISSING',
      'onnxruntime-node is not installed, and models need it to run. Add it to your project: npm install onnxruntime-node',
      { cause },
    );
  }
}

/**
 * Opens the native half of onnxruntime-node by its path. In a bundle this stands in for the package's own `binding.js`,
 * of which the computed path cannot be bundled (scripts/onnxruntime-plugin.ts).
 */
export function openNativeBinding(): unknown {
  const { platform, arch } = process;
  return fromHere(join(runtimeFolder(), 'bin', 'napi-v6', platform, arch, 'onnxruntime_binding.node'));
}
