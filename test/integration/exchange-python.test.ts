import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { beforeAll, expect, inject, it } from 'vitest';
import { token } from '../support/deployment.ts';
import { modelPath } from '../support/models/model-file.ts';
import { registerModels } from './protocol/models.ts';

const deployment = inject('deployment');

/** A Python with numpy and requests runs the client; any other only reads it. */
const PYTHON = process.env['STRATA_TEST_PYTHON'] ?? 'python3';

const page = readFileSync(new URL('../../docs/large-payloads.md', import.meta.url), 'utf8');
const [, client = ''] = /```python\n([\s\S]+?)```/.exec(page) ?? [];

const python = (program: string, input = '', env = {}) =>
  execa(PYTHON, ['-c', program], { input, env, reject: false, timeout: 60_000 });

const found = await python('import ast');
const libraries = await python('import numpy, requests');

const MODEL = 'exchanged_by_python';

beforeAll(
  () => registerModels(deployment, [{ model: MODEL, path: modelPath('identity_fp32'), alias: 'champion' }]),
  60_000,
);

it.skipIf(found.exitCode !== 0)('the client of the page is Python', async () => {
  expect(client).toContain('s3_outputs');
  const read = await python('import ast, sys; ast.parse(sys.stdin.read())', client);
  expect(read.stderr).toBe('');
});

it.skipIf(libraries.exitCode !== 0)('the client of the page sends 20 MB and gets 20 MB', async () => {
  const ran = await python(`${client}\nassert np.array_equal(x, y)\n`, '', {
    STRATA_ENDPOINT: deployment.endpoint,
    STRATA_MODEL: MODEL,
    STRATA_TOKEN: await token(['infer']),
  });
  expect(ran.stderr).toBe('');
  expect(ran.stdout).toMatch(/^\(1024, 5120\) float32 26\d+\.\d+$/);
});
