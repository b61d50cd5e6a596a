import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Engine } from '../../../../core/engine/engine.ts';
import { MicroBatcher } from '../../../../core/engine/micro-batcher.ts';
import { CENTRED, centredStore } from '../../../support/models/centred-model.ts';
import type { MemoryArtifacts } from '../../../support/models/model-versions.ts';
import { storeWith, versionOf } from '../../../support/models/model-versions.ts';
import { recordOf, recordServerOf } from '../../../support/models/record-server.ts';

function batcherOn(artifacts: MemoryArtifacts) {
  const directory = mkdtempSync(join(tmpdir(), 'merge-trials-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const engine = new Engine({ artifacts, directory, maxBytes: 1e6 });
  let time = 0;
  // Every run takes the same time, so that merging always looks worth it.
  return new MicroBatcher({ runner: engine, concurrency: 1, now: () => (time += 1) });
}

function ask(batcher: MicroBatcher, output: string, values: readonly number[]) {
  return Promise.all(
    values.map(async (value) => {
      const x = { datatype: 'FP32', shape: [1, 1], data: Float32Array.of(value) } as const;
      const results = await batcher.run(CENTRED, new Map([['x', x]]), [output]);
      expect([...results.keys()]).toEqual([output]);
      return [...(results.get(output)?.data ?? [])];
    }),
  );
}

const SAME = [7, 7, 7, 7, 7, 7];
const DIFFERENT = [1, 2, 3, 4, 5, 600];
const ALONE = DIFFERENT.map(() => [0]);

describe('a model whose rows depend on each other', () => {
  it('is not trusted for requests that were all the same', async () => {
    const batcher = batcherOn(centredStore());
    for (let i = 0; i < 20; i++) await ask(batcher, 'centred', SAME);
    expect(batcher.trusts(CENTRED)).toBe(false);
    for (let i = 0; i < 20; i++) expect(await ask(batcher, 'centred', DIFFERENT)).toEqual(ALONE);
  });

  it('is not trusted with an output that nobody asked for while it was tried', async () => {
    const batcher = batcherOn(centredStore());
    for (let i = 0; i < 20; i++)
      expect(await ask(batcher, 'same', DIFFERENT)).toEqual(DIFFERENT.map((x) => [x]));
    expect(batcher.trusts(CENTRED)).toBe(false);
    expect(await ask(batcher, 'centred', DIFFERENT)).toEqual(ALONE);
  });

  it('answers records as alone, after records that were all the same', async () => {
    const { server } = recordServerOf(CENTRED.model, {}, CENTRED, centredStore());
    const answer = async (values: readonly number[]) => {
      const outcomes = await server.answer(values.map((value) => recordOf({ x: [value] })));
      return outcomes.map((outcome) => {
        if (!('answer' in outcome)) throw outcome.error;
        const { outputs } = JSON.parse(outcome.answer) as { outputs: { name: string; data: number[] }[] };
        return outputs.find(({ name }) => name === 'centred')?.data;
      });
    };
    await answer(Array.from({ length: 600 }, () => 7));
    expect(await answer(DIFFERENT)).toEqual(ALONE);
  });

  it('answers records as alone, after requests for its other output', async () => {
    const { server } = recordServerOf(CENTRED.model, {}, CENTRED, centredStore());
    const request = (value: number) =>
      recordOf({
        inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1], data: [value] }],
        outputs: [{ name: 'same' }],
      });
    await server.answer(Array.from({ length: 600 }, (_, value) => request(value)));
    const outcomes = await server.answer(DIFFERENT.map((value) => recordOf({ x: [value] })));
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ answer: expect.stringMatching(/"data":\[0\]/) });
  });
});

describe('a model whose rows do not depend on each other', () => {
  it('is trusted once different requests were merged, also after ones that were the same', async () => {
    const batcher = batcherOn(storeWith('identity_fp32'));
    const version = versionOf('identity_fp32');
    const run = (values: readonly number[]) =>
      Promise.all(
        values.map((value) => {
          const x = { datatype: 'FP32', shape: [1, 1], data: Float32Array.of(value) } as const;
          return batcher.run(version, new Map([['x', x]]), ['y']);
        }),
      );
    for (let i = 0; i < 20; i++) await run(SAME);
    expect(batcher.trusts(version)).toBe(false);
    for (let i = 0; i < 20; i++) await run(DIFFERENT);
    expect(batcher.trusts(version)).toBe(true);
  });
});
