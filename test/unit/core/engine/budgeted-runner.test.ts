import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BudgetedRunner } from '../../../../core/engine/budgeted-runner.ts';
import { Engine } from '../../../../core/engine/engine.ts';
import type { Tensor } from '../../../../core/tensor/tensor.ts';
import { storeWith, versionOf } from '../../../support/models/model-versions.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'budget-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A runner over a real engine, each step of which takes as long as `step` says by a clock of its own. */
function budgeted(maxBytes = 1e6) {
  const state = { time: 0, left: undefined as number | undefined, step: 0 };
  const engine = new Engine({
    artifacts: storeWith('add_sub', 'fixed', 'identity_bytes'),
    directory,
    maxBytes,
  });
  const runner = new BudgetedRunner({
    engine: {
      isOpen: (version) => engine.isOpen(version),
      load: async (version) => {
        await engine.load(version);
        state.time += state.step;
      },
      run: async (...request) => {
        const outputs = await engine.run(...request);
        state.time += state.step;
        return outputs;
      },
    },
    remainingMs: () => state.left,
    now: () => state.time,
  });
  return { runner, engine, state };
}

function inputs(rows: number): Map<string, Tensor> {
  const tensor: Tensor = { datatype: 'FP32', shape: [rows, 4], data: new Float32Array(rows * 4) };
  return new Map([
    ['a', tensor],
    ['b', tensor],
  ]);
}

const version = versionOf('add_sub');
const late = { code: 'DEADLINE_EXCEEDED', statusCode: 504, retryable: true };

describe('a run', () => {
  it('of texts is as large as their letters are many', async () => {
    const { runner, state } = budgeted();
    const texts = versionOf('identity_bytes');
    const letters = (count: number) =>
      new Map([['x', { datatype: 'BYTES', shape: [1, 1], data: ['a'.repeat(count)] } as Tensor]]);
    Object.assign(state, { left: 29_000, step: 12_300 });
    await runner.run(texts, letters(10_000), ['y']);
    state.left = 12_000;
    await expect(runner.run(texts, letters(20_000), ['y'])).rejects.toMatchObject(late);
    state.step = 1;
    expect((await runner.run(texts, letters(3), ['y'])).get('y')?.data).toEqual(['aaa']);
  });

  it('is refused when one like it took longer than what is left, and names both', async () => {
    const { runner, state } = budgeted();
    Object.assign(state, { left: 29_000, step: 12_300 });
    await runner.run(version, inputs(8), ['sum']);
    state.left = 12_000;
    const refused = runner.run(version, inputs(8), ['sum']);
    await expect(refused).rejects.toMatchObject(late);
    await expect(refused).rejects.toThrow(/at least 12\.3 s .* 12\.0 s .*fewer rows/);
  });

  it('is done when it is smaller, or of another version, or when there is time', async () => {
    const { runner, state } = budgeted();
    Object.assign(state, { left: 29_000, step: 12_000 });
    await runner.run(version, inputs(64), ['sum']);
    state.left = 10_000;
    state.step = 1;
    await runner.run(version, inputs(1), ['sum']);
    await runner.load(versionOf('fixed'));
    for (const left of [12_501, undefined]) {
      state.left = left;
      expect((await runner.run(version, inputs(64), ['sum'])).get('sum')?.shape).toEqual([64, 4]);
    }
  });

  it('is refused when no time is left for an answer, whatever is known', async () => {
    const { runner, state } = budgeted();
    state.left = 499;
    await expect(runner.run(version, inputs(1), ['sum'])).rejects.toMatchObject(late);
    await expect(runner.load(version)).rejects.toMatchObject(late);
  });
});

describe('opening', () => {
  it('is refused when it took longer before than what is left; a model that is open costs nothing', async () => {
    const { runner, engine, state } = budgeted();
    Object.assign(state, { left: 29_000, step: 8000 });
    await runner.load(version);
    state.left = 3000;
    await runner.load(version);
    await engine.forget(version);
    const refused = runner.load(version);
    await expect(refused).rejects.toMatchObject(late);
    await expect(refused).rejects.toThrow(/Opening the model takes about 8\.0 s, and 3\.0 s/);
  });
});
