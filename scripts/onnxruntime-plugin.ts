import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const NATIVE_BINDING = join(import.meta.dirname, '..', 'core', 'engine', 'native-binding.ts');
const REQUIRE_OF_BINDING = /require\(`[^`]*onnxruntime_binding\.node`\)/;

/**
 * Lets esbuild inline the JavaScript of onnxruntime-node (28 KB) and leave its native half outside: that is opened by
 * path when the bundle runs. Opening it from a layer this way takes half the time of requiring the package.
 */
export function onnxruntimePlugin(): Plugin {
  return {
    name: 'onnxruntime',
    setup(build) {
      build.onLoad({ filter: /[\\/]onnxruntime-node[\\/]dist[\\/]binding\.js$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        const opened = `require(${JSON.stringify(NATIVE_BINDING)}).openNativeBinding()`;
        const contents = source.replace(REQUIRE_OF_BINDING, opened);
        if (contents === source)
          throw new Error(`${path} opens its native binding in a way that is not known here`);
        return { contents, loader: 'js' };
      });
    },
  };
}
