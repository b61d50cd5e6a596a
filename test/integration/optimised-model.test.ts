import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { writeLocalDeployment } from '../../aws/local-deployment.ts';
import { transformer } from '../support/models/transformer.ts';

/** The command line as it is published; the deployment's build made it. */
const STRATA = join(import.meta.dirname, '../../assets/cli/strata.mjs');
const TOKENS = JSON.stringify({
  inputs: [{ name: 'tokens', datatype: 'INT64', shape: [2, 3], data: [7, 0, 499, 1, 2, 3] }],
});

let project: string;
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'optimised-'));
  await writeLocalDeployment(project, inject('deployment'));
  await writeFile(join(project, 'encoder.onnx'), transformer());
});
afterAll(() => rm(project, { recursive: true }));

/** What `strata … --json` prints. */
async function strata<T>(...args: string[]): Promise<T> {
  const { stdout } = await execa(process.execPath, [STRATA, ...args, '--json'], {
    cwd: project,
    extendEnv: false,
    env: { PATH: process.env['PATH'] },
  });
  return JSON.parse(stdout) as T;
}

interface Registered {
  readonly version: string;
  readonly artifact: { readonly digest: string; readonly files?: readonly { readonly name: string }[] };
}

async function vectors(model: string, version: string): Promise<number[]> {
  const args = ['infer', model, '--version', version, '--input', TOKENS];
  const { outputs } = await strata<{ outputs: { data: number[] }[] }>(...args);
  return outputs[0]?.data ?? [];
}

describe('a model that was optimised', () => {
  it('is registered with its weights beside it, and answers like the original', async () => {
    const model = `encoder-${randomUUID().slice(0, 8)}`;
    await strata('register', 'encoder.onnx', '--name', model);
    const { digest } = await strata<{ digest: string }>(
      'optimise',
      'encoder.onnx',
      '-o',
      'fast',
      '--repetitions',
      '1',
    );
    const optimised = await strata<Registered>('register', 'fast/model.onnx', '--name', model);
    expect(optimised.artifact.digest).toBe(digest);
    expect(optimised.artifact.files?.map(({ name }) => name).sort()).toEqual([
      'model.onnx',
      'model.onnx.data',
    ]);

    const [before, after] = [await vectors(model, '1'), await vectors(model, optimised.version)];
    expect(after).toHaveLength(2 * 3 * 64);
    expect(Math.max(...after.map((each, at) => Math.abs(each - (before[at] ?? Number.NaN))))).toBeLessThan(
      1e-4,
    );
  });

  it('answers nearly like the original when it was quantised first', async () => {
    const model = `encoder-${randomUUID().slice(0, 8)}`;
    await strata('register', 'encoder.onnx', '--name', model);
    await strata('quantise', 'encoder.onnx', '-o', 'small.onnx', '--input', TOKENS, '--repetitions', '0');
    const { version, artifact } = await strata<Registered>('register', 'small.onnx', '--name', model);
    expect(artifact.files).toBeUndefined();

    const [before, after] = [await vectors(model, '1'), await vectors(model, version)];
    const distance = Math.max(...after.map((each, at) => Math.abs(each - (before[at] ?? Number.NaN))));
    expect(distance).toBeGreaterThan(0);
    expect(distance).toBeLessThan(0.2);
  });
});
