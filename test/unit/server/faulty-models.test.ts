import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BudgetedRunner } from '../../../core/engine/budgeted-runner.ts';
import { Engine } from '../../../core/engine/engine.ts';
import { describeModel } from '../../../core/onnx/describe-model.ts';
import type { ModelVersion } from '../../../core/registry/model-version.ts';
import { type Serving, serve } from '../../../server/serve.ts';
import { FAULTS, FAULTY_MODELS, floatInput, integerInput } from '../../support/models/faulty-models.ts';
import { artifactOf, MemoryArtifacts } from '../../support/models/model-versions.ts';
import { serve as serveInProcess } from '../core/protocol/in-memory.ts';

const directory = mkdtempSync(join(tmpdir(), 'faulty-'));
const folder = join(directory, 'models');
let serving: Serving;
/** Iterations that take some seconds, and end: a test cannot leave a thread behind that never does. */
const MANY = 1_500_000;

beforeAll(async () => {
  mkdirSync(folder);
  for (const [name, bytes] of Object.entries(FAULTY_MODELS))
    writeFileSync(join(folder, `${name}.onnx`), bytes);
  serving = await serve({
    models: folder,
    host: '127.0.0.1',
    port: 0,
    access: {},
    workers: 1,
    runTimeoutMs: 700,
  });
});
afterAll(async () => {
  await serving.close(0);
  rmSync(directory, { recursive: true, force: true });
});

type Ask = (
  model: string,
  inputs: readonly unknown[],
) => Promise<{ status: number; json: Record<string, unknown> }>;

const served: Ask = async (model, inputs) => {
  const answer = await fetch(`${serving.endpoint}/v2/models/${model}/infer`, {
    method: 'POST',
    body: JSON.stringify({ inputs }),
  });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
};

/** The function, as far as it is not AWS. */
function inFunction(): Ask {
  const artifacts = new MemoryArtifacts();
  const versions = Object.entries(FAULTY_MODELS).map(([model, bytes]): ModelVersion => {
    const artifact = artifactOf(bytes);
    artifacts.put(artifact, bytes);
    const description = describeModel(bytes);
    return { model, version: '1', status: 'READY', artifact, description, createdAt: '2026-01-01T00:00:00Z' };
  });
  const engine = new Engine({
    artifacts,
    directory: join(directory, 'function'),
    memoryMegabytes: 1769,
    maxBytes: 1e6,
  });
  const { call } = serveInProcess(versions, {
    runner: new BudgetedRunner({ engine, remainingMs: () => 29_000 }),
  });
  return (model, inputs) => call('POST', `/v2/models/${model}/infer`, { body: { inputs } });
}

describe.each([
  ['strata serve', () => served],
  ['infer', inFunction],
])('%s, when a caller sends values that a model fails at', (_name, asked) => {
  it.each(FAULTS)(
    '$what: says so, and answers the next request',
    async ({ model, bad, good, output, status, code }) => {
      const ask = asked();
      const refused = await ask(model, bad);
      expect([refused.status, refused.json['error_code']]).toEqual([status, code]);
      expect(refused.json['error']).not.toMatch(/onnxruntime_src|\.cc\b/);
      const answer = await ask(model, good);
      expect(answer.json['outputs']).toMatchObject([{ data: output }]);
      expect((await ask('gather', [integerInput('at', [1], 1)])).json['outputs']).toMatchObject([
        { data: [2] },
      ]);
    },
  );
});

describe('strata serve, when a caller lets a model compute without end', () => {
  const ping = async () => (await fetch(`${serving.endpoint}/ping`)).status;
  const stuck = async () =>
    /^strata_workers_stuck (\d+)$/m.exec(await (await fetch(`${serving.endpoint}/metrics`)).text())?.[1];

  it('gives the worker up, answers others from a new one, and tells that it should be replaced while no core is its own', async () => {
    expect(
      (await served('loop', [integerInput('count', [], 3), floatInput('x', 1)])).json['outputs'],
    ).toMatchObject([{ data: [4] }]);
    const endless = served('loop', [integerInput('count', [], MANY), floatInput('x', 0)]);
    // The thread that answers clients is not the one that computes.
    expect(await ping()).toBe(200);
    const { status, json } = await endless;
    expect([status, json['error_code']]).toEqual([503, 'WORKER_DIED']);
    expect([await ping(), await stuck()]).toEqual([503, '1']);
    await vi.waitFor(async () => {
      const answer = await served('gather', [integerInput('at', [1], 2)]);
      expect(answer.json['outputs']).toMatchObject([{ data: [3] }]);
    }, 10_000);
    await vi.waitFor(async () => expect([await ping(), await stuck()]).toEqual([200, '0']), 60_000);
  }, 90_000);
});
