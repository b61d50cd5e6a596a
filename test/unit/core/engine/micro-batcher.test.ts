import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BatchEvent, MicroBatcher } from '../../../../core/engine/micro-batcher.ts';
import type { ModelRunner } from '../../../../core/engine/model-runner.ts';
import { InvalidInputError, UnavailableError } from '../../../../core/errors.ts';
import type { Tensor } from '../../../../core/tensor/tensor.ts';
import { versionOf } from '../../../support/models/model-versions.ts';

const VERSION = versionOf('identity_fp32');

const row = (...values: number[]) =>
  new Map<string, Tensor>([
    ['x', { datatype: 'FP32', shape: [1, values.length], data: Float32Array.from(values) }],
  ]);

const valuesOf = (outputs: ReadonlyMap<string, Tensor>) => [...(outputs.get('y')?.data ?? [])].map(Number);

type Compute = (x: Tensor) => Tensor;

/** A runner that holds every run until it is let go, and notes the rows of each. */
class HeldRunner implements ModelRunner {
  readonly rows: number[] = [];
  #held: (() => void)[] = [];
  #isOpen = false;

  constructor(private readonly compute: Compute = (x) => x) {}

  async load(): Promise<void> {}

  async run(_version: unknown, inputs: ReadonlyMap<string, Tensor>): Promise<Map<string, Tensor>> {
    const x = inputs.get('x') as Tensor;
    this.rows.push(x.shape[0] ?? 0);
    if (!this.#isOpen) await new Promise<void>((resolve) => this.#held.push(resolve));
    return new Map([['y', this.compute(x)]]);
  }

  /** Lets go what is held, and holds nothing from now on. */
  open(): void {
    this.#isOpen = true;
    for (const go of this.#held.splice(0)) go();
  }
}

/** A clock that moves a little with every look, so that a run takes the same time whatever its size. */
function ticking(): () => number {
  let time = 0;
  return () => {
    time += 0.1;
    return time;
  };
}

function batcherOn(
  runner: ModelRunner,
  options: Partial<ConstructorParameters<typeof MicroBatcher>[0]> = {},
) {
  const events: BatchEvent[] = [];
  const batcher = new MicroBatcher({
    runner,
    concurrency: 1,
    now: ticking(),
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { batcher, events, run: (inputs: Map<string, Tensor>) => batcher.run(VERSION, inputs, ['y']) };
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** Runs enough that the batcher knows the pace and trusts the version. */
async function teach({ run }: ReturnType<typeof batcherOn>): Promise<void> {
  for (let i = 0; i < 40; i++) await Promise.all([1, 2, 3, 4].map((value) => run(row(value))));
}

describe('a request that comes alone', () => {
  it('is run in the same turn of the event loop', async () => {
    const runner = new HeldRunner();
    const { run } = batcherOn(runner);
    const answer = run(row(1, 2));
    await turn();
    expect(runner.rows).toEqual([1]);
    runner.open();
    expect(valuesOf(await answer)).toEqual([1, 2]);
  });
});

describe('requests that come while the runner is busy', () => {
  it('are run as one when it is idle again, and each gets its own rows', async () => {
    const runner = new HeldRunner();
    const tools = batcherOn(runner);
    runner.open();
    await teach(tools);
    runner.rows.length = 0;
    const answers = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((value) => tools.run(row(value, -value))));
    expect(answers.map(valuesOf)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((value) => [value, -value]));
    expect(runner.rows.length).toBeLessThan(8);
    expect(runner.rows.reduce((sum, rows) => sum + rows, 0)).toBe(8);
  });

  it('are answered as alone, whatever their values, widths and order', async () => {
    const runner = new HeldRunner();
    const tools = batcherOn(runner, { concurrency: 2 });
    runner.open();
    const widths = fc
      .integer({ min: 1, max: 3 })
      .chain((width) =>
        fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: width, maxLength: width }),
      );
    await fc.assert(
      fc.asyncProperty(fc.array(widths, { minLength: 1, maxLength: 20 }), async (requests) => {
        const answers = await Promise.all(requests.map((values) => tools.run(row(...values))));
        expect(answers.map(valuesOf)).toEqual(requests);
      }),
    );
  });

  it('are never merged when the model has a fixed batch dimension', async () => {
    const runner = new HeldRunner();
    const { batcher } = batcherOn(runner);
    runner.open();
    const version = {
      ...VERSION,
      description: {
        ...VERSION.description,
        inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [1, 2] }],
      },
    };
    for (let i = 0; i < 20; i++) {
      await Promise.all([1, 2, 3].map((value) => batcher.run(version, row(value, value), ['y'])));
    }
    expect(new Set(runner.rows)).toEqual(new Set([1]));
  });

  it('are not merged when merging is off', async () => {
    const runner = new HeldRunner();
    const tools = batcherOn(runner, { maxRows: 1 });
    runner.open();
    await teach(tools);
    expect(new Set(runner.rows)).toEqual(new Set([1]));
  });
});

/** Subtracts the mean of the whole batch: rows depend on each other. */
const centred: Compute = ({ datatype, shape, data }) => {
  const values = data as Float32Array;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { datatype, shape, data: values.map((value) => value - mean) };
};

describe('a model whose rows depend on each other', () => {
  it('is found out by its first merge, which nobody is answered from, and never merged again', async () => {
    const runner = new HeldRunner(centred);
    const tools = batcherOn(runner);
    runner.open();
    for (let i = 0; i < 10; i++) {
      const answers = await Promise.all([5, 9, 13, 17].map((value) => tools.run(row(value))));
      expect(answers.map(valuesOf)).toEqual([[0], [0], [0], [0]]);
    }
    expect(tools.events.filter(({ type }) => type === 'merging-refused')).toHaveLength(1);
    const merged = runner.rows.filter((rows) => rows > 1);
    expect(merged).toHaveLength(1);
  });

  it('is found out when its result has other rows than went in', async () => {
    const runner = new HeldRunner(({ datatype, data }) => ({
      datatype,
      shape: [1, 1],
      data: data.slice(0, 1) as Float32Array,
    }));
    const tools = batcherOn(runner);
    runner.open();
    for (let i = 0; i < 10; i++) {
      const answers = await Promise.all([5, 9, 13].map((value) => tools.run(row(value))));
      expect(answers.map(valuesOf)).toEqual([[5], [9], [13]]);
    }
    expect(tools.events.filter(({ type }) => type === 'merging-refused')).toHaveLength(1);
  });
});

describe('a failure', () => {
  it('of one request for its values does not touch those it was merged with', async () => {
    const runner = new HeldRunner((x) => {
      if ([...x.data].includes(13)) throw new InvalidInputError('INFERENCE_FAILED', 'thirteen');
      return x;
    });
    const tools = batcherOn(runner);
    runner.open();
    await teach(tools);
    const results = await Promise.allSettled([1, 13, 3, 4, 5].map((value) => tools.run(row(value))));
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
  });

  it('of the runner reaches every request of the run, which is not tried again', async () => {
    let isDead = false;
    const runner = new HeldRunner((x) => {
      if (isDead) throw new UnavailableError('WORKER_DIED', 'gone');
      return x;
    });
    const tools = batcherOn(runner);
    runner.open();
    await teach(tools);
    isDead = true;
    runner.rows.length = 0;
    const results = await Promise.allSettled([1, 2, 3, 4].map((value) => tools.run(row(value))));
    expect(results.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    expect(runner.rows.reduce((sum, rows) => sum + rows, 0)).toBe(4);
  });
});

describe('more requests than may wait', () => {
  it('are refused with 503, to be tried again', async () => {
    const runner = new HeldRunner();
    const { batcher, run } = batcherOn(runner, { maxWaiting: 2 });
    const first = run(row(1));
    await turn();
    const waiting = [run(row(2)), run(row(3))];
    expect(batcher.waiting).toBe(2);
    await expect(run(row(4))).rejects.toMatchObject({ code: 'OVERLOADED', statusCode: 503, retryable: true });
    runner.open();
    await Promise.all([first, ...waiting]);
    expect(batcher.waiting).toBe(0);
  });

  it('make room when their callers go: what nobody waits for is not run', async () => {
    const runner = new HeldRunner();
    const { batcher, run } = batcherOn(runner);
    const first = run(row(1));
    await turn();
    const gone = new AbortController();
    const waiting = batcher.run(VERSION, row(2), ['y'], gone.signal);
    gone.abort();
    runner.open();
    await expect(waiting).rejects.toMatchObject({ code: 'CALLER_GONE' });
    await first;
    expect(runner.rows).toEqual([1]);
  });
});

describe('a near runner', () => {
  /** Takes inputs of so many elements. */
  class NearBy extends HeldRunner {
    limit = 3;
    most(): number {
      return this.limit;
    }
  }

  it('runs what it takes, and leaves what is larger to the other', async () => {
    const [far, near] = [new HeldRunner(), new NearBy()];
    const { run } = batcherOn(far, { near });
    far.open();
    near.open();
    await Promise.all([run(row(1, 2, 3)), run(row(1, 2, 3, 4))]);
    expect([near.rows, far.rows]).toEqual([[1], [1]]);
  });

  it('does not wait for the other, however busy that is', async () => {
    const [far, near] = [new HeldRunner(), new NearBy()];
    const { run } = batcherOn(far, { near });
    near.open();
    const slow = run(row(1, 2, 3, 4));
    await turn();
    expect(valuesOf(await run(row(5)))).toEqual([5]);
    far.open();
    await slow;
  });

  it('is not held by what has become too long for it since that was queued', async () => {
    const [far, near] = [new HeldRunner(), new NearBy()];
    const { run } = batcherOn(far, { near });
    near.open();
    const long = run(row(1, 2, 3));
    near.limit = 1;
    await turn();
    await turn();
    expect(valuesOf(await run(row(5)))).toEqual([5]);
    expect(near.rows).toEqual([1]);
    far.open();
    expect(valuesOf(await long)).toEqual([1, 2, 3]);
  });

  it('gets what came meanwhile as one run, no larger than it takes', async () => {
    const [far, near] = [new HeldRunner(), new NearBy()];
    const tools = batcherOn(far, { near });
    near.open();
    await teach(tools);
    near.rows.length = 0;
    const answers = await Promise.all([1, 2, 3, 4, 5].map((value) => tools.run(row(value))));
    expect(answers.map(valuesOf)).toEqual([[1], [2], [3], [4], [5]]);
    expect(near.rows).toEqual([3, 2]);
    expect(far.rows).toEqual([]);
  });
});
