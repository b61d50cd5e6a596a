import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EngineEvent } from '../../../core/engine/engine-event.ts';
import type { ModelRunner } from '../../../core/engine/model-runner.ts';
import type { Tensor } from '../../../core/tensor/tensor.ts';
import { NearEngine, type NearEngineOptions } from '../../../server/near-engine.ts';
import { modelFile } from '../../support/models/model-file.ts';
import { versionOf } from '../../support/models/model-versions.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** Stands where the workers do, and notes what reaches them. */
class NotedRunner implements ModelRunner {
  runs = 0;
  async load(): Promise<void> {}
  async run(): Promise<Map<string, Tensor>> {
    this.runs += 1;
    return new Map();
  }
}

const VERSION = versionOf('double');

/** A thread of which nothing is too slow, so that what is tested does not depend on the machine. */
function nearEngine(options: Partial<NearEngineOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'near-'));
  const workers = new NotedRunner();
  const events: EngineEvent[] = [];
  const near = new NearEngine({
    workers,
    directory,
    locate: async ({ digest }) => {
      const path = join(directory, 'source.onnx');
      writeFileSync(path, modelFile('double'));
      return new Map([[digest, path]]);
    },
    longestMs: 10_000,
    trials: 3,
    onEvent: (event) => events.push(event),
    ...options,
  });
  cleanups.push(
    () => rmSync(directory, { recursive: true, force: true }),
    () => near.forget(VERSION),
  );
  return { near, workers, events };
}

const floats = (...data: number[]) =>
  new Map<string, Tensor>([
    ['x', { datatype: 'FP32', shape: [1, data.length], data: Float32Array.from(data) }],
  ]);

function learn(near: NearEngine, amount: number, ms: number, times = 3): void {
  for (let i = 0; i < times; i++) near.learn(VERSION, amount, ms);
}

describe('a version', () => {
  it('is run on the workers while little is known of it', async () => {
    const { near, workers, events } = nearEngine();
    learn(near, 4, 0.01, 2);
    expect(near.most(VERSION)).toBe(0);
    await near.run(VERSION, floats(1), ['y']);
    expect([workers.runs, events]).toEqual([1, []]);
  });

  it('that is known to be quick is opened, and run, here', async () => {
    const { near, workers, events } = nearEngine();
    learn(near, 4, 0.01);
    await vi.waitFor(() => expect(events).toMatchObject([{ type: 'session-loaded', warm: true }]));
    learn(near, 4, 0.01, 1);
    const outputs = await near.run(VERSION, floats(1, 2), ['y']);
    expect([outputs.get('y')?.data, workers.runs]).toEqual([Float32Array.of(2, 4), 0]);
  });

  it('is left to the workers with what is more than was tried', async () => {
    const { near, workers, events } = nearEngine();
    learn(near, 2, 0.01);
    await vi.waitFor(() => expect(events).toHaveLength(1));
    learn(near, 2, 0.01, 1);
    await near.run(VERSION, floats(1, 2, 3, 4), ['y']);
    expect(workers.runs).toBe(0);
    await near.run(VERSION, floats(...Array(100).fill(1)), ['y']);
    expect(workers.runs).toBe(1);
  });

  it('that is slow is never opened here', () => {
    const { near, events } = nearEngine({ longestMs: 0.1 });
    learn(near, 4, 0.2, 100);
    expect([near.most(VERSION), events]).toEqual([0, []]);
  });

  it('goes back to the workers after one slow run, until it is known to be quick again', async () => {
    const { near, events } = nearEngine({ longestMs: 0.1 });
    learn(near, 4, 0.01);
    await vi.waitFor(() => expect(events).toHaveLength(1));
    learn(near, 4, 0.01, 1);
    expect(near.most(VERSION)).toBeGreaterThan(0);
    learn(near, 4, 5, 1);
    expect(near.most(VERSION)).toBe(0);
    learn(near, 4, 0.01, 50);
    expect(near.most(VERSION)).toBeGreaterThan(0);
  });

  it('of which a run could take any time is never opened here', () => {
    const { near, events } = nearEngine();
    const description = { ...VERSION.description, operators: ['Loop'] };
    for (let i = 0; i < 100; i++) near.learn({ ...VERSION, description }, 4, 0.01);
    expect([near.most(VERSION), events]).toEqual([0, []]);
  });

  it('that is not served any longer is closed, and learned anew when it comes back', async () => {
    const { near, events } = nearEngine();
    learn(near, 4, 0.01);
    await vi.waitFor(() => expect(events).toHaveLength(1));
    await near.forget(VERSION);
    expect(events.map(({ type }) => type)).toEqual(['session-loaded', 'session-evicted']);
    expect(near.most(VERSION)).toBe(0);
  });

  it('that is let go while it is opened is closed as soon as it is open', async () => {
    const { near, events } = nearEngine();
    learn(near, 4, 0.01);
    await near.forget(VERSION);
    await vi.waitFor(() =>
      expect(events.map(({ type }) => type)).toEqual(['session-loaded', 'session-evicted']),
    );
    expect(near.most(VERSION)).toBe(0);
  });

  it('that cannot be opened here stays where it is', async () => {
    const locate = vi.fn(() => Promise.reject(new Error('gone')));
    const { near, workers } = nearEngine({ locate });
    learn(near, 4, 0.01, 100);
    await near.run(VERSION, floats(1), ['y']);
    expect([locate.mock.calls.length, workers.runs]).toEqual([1, 1]);
  });
});
