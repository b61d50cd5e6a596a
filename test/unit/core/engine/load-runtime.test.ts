import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadRuntime } from '../../../../core/engine/load-runtime.ts';
import { runtimeFolder } from '../../../../core/engine/native-binding.ts';
import { buildOnnxRuntimeLayer } from '../../../../layers/onnxruntime/build.ts';
import { onnxruntimePlugin } from '../../../../scripts/onnxruntime-plugin.ts';
import { modelPath } from '../../../support/models/model-file.ts';

// Processes are started here; a busy machine needs longer for them.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

// Outside the checkout, so that a bundle here finds no node_modules above it.
const folder = mkdtempSync(join(tmpdir(), 'load-runtime-'));
const PROBE = join(import.meta.dirname, 'telemetry-probe.mts');
const bundle = join(folder, 'probe.mjs');
const layer = join(folder, 'layer');
const home = join(folder, 'home');
const temp = join(folder, 'temp');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  for (const each of [home, temp]) mkdirSync(each);
  await buildOnnxRuntimeLayer({ platform: process.platform, arch: process.arch, outDir: layer });
  await build({
    entryPoints: [PROBE],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: {
      js: "import{createRequire as _createRequire}from'node:module';const require=_createRequire(import.meta.url);",
    },
    plugins: [onnxruntimePlugin()],
  });
});

function runBundle(environment: NodeJS.ProcessEnv) {
  return execa(process.execPath, [bundle, modelPath('constant'), home, temp], {
    extendEnv: false,
    env: { HOME: home, TMPDIR: temp, ...environment },
    reject: false,
  });
}

it('loads the installed package when nothing is bundled, here and under tsx', async () => {
  expect(Object.keys(await loadRuntime())).toEqual(expect.arrayContaining(['InferenceSession', 'Tensor']));
  const { stdout } = await execa(process.execPath, ['--import', 'tsx', PROBE, modelPath('constant')]);
  expect(JSON.parse(stdout)).toMatchObject({ result: [1, 2, 3] });
  expect(runtimeFolder()).toMatch(/node_modules[\\/]onnxruntime-node$/);
});

describe('a bundle', () => {
  it('opens the native half from a layer, leaves nothing behind and talks to nobody', async () => {
    const { stdout, stderr } = await runBundle({ NODE_PATH: join(layer, 'nodejs', 'node_modules') });
    expect(stderr).toBe('');
    // With telemetry on, a database, a device id and a session file would be here.
    expect(JSON.parse(stdout)).toEqual({ result: [1, 2, 3], opened: [], written: [] });
  });

  // Only the Linux binaries have telemetry. Without this control a probe that is blind would pass above.
  it.skipIf(process.platform !== 'linux')('would be caught if it did', async () => {
    const [loose, scratch] = [join(folder, 'control-home'), join(folder, 'control-temp')];
    for (const each of [loose, scratch]) mkdirSync(each);
    const { stdout } = await execa(process.execPath, [bundle, modelPath('constant'), loose, scratch], {
      extendEnv: false,
      env: {
        HOME: loose,
        TMPDIR: scratch,
        NODE_PATH: join(layer, 'nodejs', 'node_modules'),
        CONTROL: 'telemetry',
        // Nothing listens there: it shows itself and reaches nobody.
        https_proxy: 'http://127.0.0.1:9',
        HTTPS_PROXY: 'http://127.0.0.1:9',
      },
    });
    const { opened, written } = JSON.parse(stdout) as { opened: string[]; written: string[] };
    expect(written).toContainEqual(expect.stringContaining('onnxruntime.db'));
    expect(opened).toContainEqual(expect.stringContaining('onnxruntime.db'));
  });

  it('says what to install where there is no onnxruntime-node', async () => {
    const { stderr, exitCode } = await runBundle({});
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('RUNTIME_MISSING');
    expect(stderr).toContain('npm install onnxruntime-node');
  });
});
