import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build as esbuild } from 'esbuild';
import { buildLayerZip } from '../layers/onnxruntime/build.ts';
import { bundleLambdas, NODE_BUNDLE } from './bundle-lambdas.ts';

const ROOT = resolve(import.meta.dirname, '..');

export interface BuildOptions {
  /** Told what was built, one line each. */
  readonly onProgress?: (line: string) => void;
}

/** Builds everything that the package ships beside its constructs: functions, layers, command line. */
export async function build({ onProgress = () => {} }: BuildOptions = {}): Promise<void> {
  await Promise.all([buildLambdas(onProgress), buildLayers(onProgress), buildCommandLine(onProgress)]);
}

async function buildLambdas(onProgress: (line: string) => void): Promise<void> {
  for (const { name, bytes, budget } of await bundleLambdas(ROOT)) {
    onProgress(`function ${name}: ${kilobytes(bytes)} of ${kilobytes(budget)}`);
  }
}

async function buildLayers(onProgress: (line: string) => void): Promise<void> {
  for (const arch of ['x64', 'arm64'] as const) {
    const { path, bytes } = await buildLayerZip({
      platform: 'linux',
      arch,
      outDir: join(ROOT, 'assets', 'layers'),
    });
    onProgress(`layer ${path.slice(ROOT.length + 1)}: ${kilobytes(bytes)}`);
  }
}

async function buildCommandLine(onProgress: (line: string) => void): Promise<void> {
  const outfile = join(ROOT, 'assets', 'cli', 'strata.mjs');
  await esbuild({
    ...NODE_BUNDLE,
    entryPoints: [join(ROOT, 'cli', 'strata.ts')],
    outfile,
    sourcemap: false,
    banner: { js: `#!/usr/bin/env node\n${NODE_BUNDLE.banner.js}` },
  });
  onProgress('command line: assets/cli/strata.mjs');
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1024)} KB`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await build({ onProgress: (line) => process.stdout.write(`${line}\n`) });
}
