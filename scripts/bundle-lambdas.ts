import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { functionCredentialsPlugin } from './function-credentials-plugin.ts';
import { nodeHttpPlugin } from './node-http-plugin.ts';
import { onnxruntimePlugin } from './onnxruntime-plugin.ts';

const KB = 1024;

/**
 * Largest size of each bundle, source map aside, in bytes. A bundle above its budget fails the build: what a function
 * loads is what its first caller waits for.
 */
const BUDGETS: Readonly<Record<string, number>> = {
  'admit-version': 1_300 * KB,
  authorize: 250 * KB,
  'check-release': 800 * KB,
  exchange: 900 * KB,
  infer: 1_000 * KB,
  'infer-batch': 1_050 * KB,
  'infer-stream': 1_100 * KB,
  'publish-events': 650 * KB,
  'registry-api': 1_000 * KB,
  'signing-key': 650 * KB,
};

/** What a function starts in processes of its own: bundled beside it. */
const PROCESSES: Readonly<Record<string, readonly string[]>> = {
  'admit-version': ['core/engine/measure-child.ts'],
};

/** esbuild settings of everything that runs on Node 24 as one ESM file. */
export const NODE_BUNDLE = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  logLevel: 'silent',
  // CommonJS packages inside an ESM bundle call require for Node's own modules.
  banner: {
    js: "import{createRequire as _createRequire}from'node:module';const require=_createRequire(import.meta.url);",
  },
  plugins: [onnxruntimePlugin(), nodeHttpPlugin()],
} satisfies BuildOptions;

/** esbuild settings of what runs as a function on Lambda. */
export const FUNCTION_BUNDLE = {
  ...NODE_BUNDLE,
  plugins: [...NODE_BUNDLE.plugins, functionCredentialsPlugin()],
} satisfies BuildOptions;

/** What one bundle came to. */
export interface BundleReport {
  readonly name: string;
  readonly bytes: number;
  readonly budget: number;
}

/** Bundles every `lambdas/<name>/handler.ts` to `assets/lambdas/<name>/handler.mjs`. */
export async function bundleLambdas(root: string): Promise<BundleReport[]> {
  const source = join(root, 'lambdas');
  const target = join(root, 'assets', 'lambdas');
  const names = (await readdir(source)).filter((name) => existsSync(join(source, name, 'handler.ts'))).sort();
  const gone = existsSync(target) ? (await readdir(target)).filter((name) => !names.includes(name)) : [];
  await Promise.all(gone.map((name) => rm(join(target, name), { recursive: true })));
  return Promise.all(
    names.map((name) =>
      bundleLambda(
        [join(source, name, 'handler.ts'), ...(PROCESSES[name] ?? []).map((file) => join(root, file))],
        join(target, name),
        name,
      ),
    ),
  );
}

async function bundleLambda(entries: string[], folder: string, name: string): Promise<BundleReport> {
  const budget = BUDGETS[name];
  if (budget === undefined) throw new Error(`${name}: give the bundle a budget in scripts/bundle-lambdas.ts`);
  await mkdir(folder, { recursive: true });
  const { metafile } = await build({
    ...FUNCTION_BUNDLE,
    entryPoints: entries,
    outdir: folder,
    entryNames: '[name]',
    outExtension: { '.js': '.mjs' },
  });
  const bytes = bundleBytes(metafile);
  if (bytes > budget) {
    throw new Error(
      `${name}: the bundle has ${bytes} bytes, its budget is ${budget}. Largest parts:\n${largestParts(metafile)}`,
    );
  }
  return { name, bytes, budget };
}

function bundleBytes(metafile: Metafile): number {
  return Object.entries(metafile.outputs)
    .filter(([file]) => file.endsWith('.mjs'))
    .reduce((sum, [, output]) => sum + output.bytes, 0);
}

function largestParts(metafile: Metafile): string {
  const [output] = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint);
  return Object.entries(output?.inputs ?? {})
    .sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)
    .slice(0, 10)
    .map(([file, { bytesInOutput }]) => `  ${bytesInOutput} ${file}`)
    .join('\n');
}
