import { copyFile, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type BundleReport, NODE_BUNDLE } from './bundle-lambdas.ts';

const KB = 1024;

/** Largest size of each file of the server, in bytes: what it loads is what a new container is waited for. */
const FILES: Readonly<Record<string, { readonly entry: string; readonly budget: number }>> = {
  'strata-server': { entry: 'server/main.ts', budget: 1_600 * KB },
  'engine-worker': { entry: 'server/engine-worker.ts', budget: 100 * KB },
};

/**
 * Bundles the server to `assets/server/`: `strata-server.mjs`, which containers run, the worker that it and `strata serve`
 * start, and the Dockerfile.
 *
 * @throws Error when a file is above its budget
 */
export async function bundleServer(root: string): Promise<BundleReport[]> {
  const outdir = join(root, 'assets', 'server');
  await mkdir(outdir, { recursive: true });
  await build({
    ...NODE_BUNDLE,
    entryPoints: Object.fromEntries(
      Object.entries(FILES).map(([name, { entry }]) => [name, join(root, entry)]),
    ),
    outdir,
    outExtension: { '.js': '.mjs' },
    // Installed beside it, by the user or in the image.
    external: ['onnxruntime-node'],
    sourcemap: false,
  });
  await copyFile(join(root, 'server', 'Dockerfile'), join(outdir, 'Dockerfile'));
  return await Promise.all(
    Object.entries(FILES).map(async ([name, { budget }]) => {
      const { size } = await stat(join(outdir, `${name}.mjs`));
      if (size > budget) throw new Error(`${name}.mjs has ${size} bytes, its budget is ${budget}`);
      return { name, bytes: size, budget };
    }),
  );
}
