import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build as esbuild } from 'esbuild';
import { MODELS, modelPath } from '../conformance/models.ts';
import { accessRulesSchema } from '../core/access/access-rules-schema.ts';
import { buildLayerZip, writeLayerVersions } from '../layers/onnxruntime/build.ts';
import { bundleLambdas, NODE_BUNDLE } from './bundle-lambdas.ts';
import { bundleServer } from './bundle-server.ts';
import { packApp } from './pack-app.ts';

const ROOT = resolve(import.meta.dirname, '..');

export interface BuildOptions {
  /** Told what was built, one line each. */
  readonly onProgress?: (line: string) => void;
}

/** Builds everything that the package ships beside its constructs: functions, layers, commands, server, schemas, app. */
export async function build({ onProgress = () => {} }: BuildOptions = {}): Promise<void> {
  await Promise.all([
    buildLambdas(onProgress),
    buildLayers(onProgress),
    buildCommands(onProgress),
    buildServer(onProgress),
    writeSchemas(onProgress),
  ]);
  // The app names what was built before.
  onProgress(`app: assets/app, ${await packApp(ROOT)} stacks`);
}

async function buildLambdas(onProgress: (line: string) => void): Promise<void> {
  for (const { name, bytes, budget } of await bundleLambdas(ROOT)) {
    onProgress(`function ${name}: ${kilobytes(bytes)} of ${kilobytes(budget)}`);
  }
}

async function buildLayers(onProgress: (line: string) => void): Promise<void> {
  const outDir = join(ROOT, 'assets', 'layers');
  await writeLayerVersions(outDir);
  for (const arch of ['x64', 'arm64'] as const) {
    const { path, bytes } = await buildLayerZip({ platform: 'linux', arch, outDir });
    onProgress(`layer ${path.slice(ROOT.length + 1)}: ${kilobytes(bytes)}`);
  }
}

/** The commands of the package, by the files that they begin with. */
const COMMANDS = ['cli/strata.ts', 'conformance/oip-conformance.ts'];

/** What a command starts in a process of its own. */
const PROCESSES = ['core/engine/measure-child.ts'];

async function buildCommands(onProgress: (line: string) => void): Promise<void> {
  const outdir = join(ROOT, 'assets', 'cli');
  await esbuild({
    ...NODE_BUNDLE,
    entryPoints: [...COMMANDS, ...PROCESSES].map((file) => join(ROOT, file)),
    outdir,
    entryNames: '[name]',
    outExtension: { '.js': '.mjs' },
    // The user's own, where there is one: it runs models here as the layer does on AWS.
    external: ['onnxruntime-node'],
    sourcemap: false,
    banner: { js: `#!/usr/bin/env node\n${NODE_BUNDLE.banner.js}` },
  });
  const models = join(outdir, 'conformance-models');
  await rm(models, { recursive: true, force: true });
  await mkdir(models, { recursive: true });
  const files = new Set([...MODELS.values()].flat());
  await Promise.all([...files].map((file) => copyFile(modelPath(file), join(models, `${file}.onnx`))));
  onProgress(`commands: assets/cli, ${COMMANDS.length}`);
}

async function buildServer(onProgress: (line: string) => void): Promise<void> {
  for (const { name, bytes, budget } of await bundleServer(ROOT)) {
    onProgress(`server ${name}: ${kilobytes(bytes)} of ${kilobytes(budget)}`);
  }
}

/** Schemas of the documents that users write, for their editors. */
async function writeSchemas(onProgress: (line: string) => void): Promise<void> {
  const folder = join(ROOT, 'assets', 'schemas');
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'access-rules.schema.json'),
    `${JSON.stringify(accessRulesSchema(), null, 2)}\n`,
  );
  onProgress('schema: assets/schemas/access-rules.schema.json');
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1024)} KB`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await build({ onProgress: (line) => process.stdout.write(`${line}\n`) });
}
