import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Tensor } from '../../../core/tensor/tensor.ts';
import { EnginePool, type EnginePoolOptions } from '../../../server/engine-pool.ts';
import { modelFile } from '../../support/models/model-file.ts';
import { versionOf } from '../../support/models/model-versions.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function poolWith(options: Partial<EnginePoolOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'pool-'));
  const events: { readonly type: string; readonly reason?: string }[] = [];
  const pool = new EnginePool({
    workers: 1,
    directory,
    maxBytes: 2 ** 30,
    locate: async ({ digest }) => {
      const path = join(directory, `source-${digest}`);
      const name = ['identity_fp32', 'double', 'identity_bytes'].find(
        (each) => versionOf(each).artifact.digest === digest,
      );
      writeFileSync(path, modelFile(name ?? ''));
      return new Map([[digest, path]]);
    },
    onEvent: (event) => events.push(event),
    ...options,
  });
  cleanups.push(
    () => rmSync(directory, { recursive: true, force: true }),
    () => pool.close(),
  );
  await pool.ready();
  return { pool, events };
}

const floats = (count: number, value = 1) =>
  new Map<string, Tensor>([
    ['x', { datatype: 'FP32', shape: [1, count], data: new Float32Array(count).fill(value) }],
  ]);

describe('a run', () => {
  it.each([1, 100_000])('gives back %d elements as they are', async (count) => {
    const { pool } = await poolWith();
    const outputs = await pool.run(versionOf('double'), floats(count, 3), ['y']);
    expect(outputs.get('y')?.shape).toEqual([1, count]);
    expect(new Set(outputs.get('y')?.data as Float32Array)).toEqual(new Set([6]));
  });

  it('carries texts', async () => {
    const { pool } = await poolWith();
    const x: Tensor = { datatype: 'BYTES', shape: [1, 2], data: ['ü', ''] };
    const outputs = await pool.run(versionOf('identity_bytes'), new Map([['x', x]]), ['y']);
    expect(outputs.get('y')).toEqual(x);
  });

  it('moves large inputs, and leaves small ones and their neighbours in memory alone', async () => {
    const { pool } = await poolWith();
    const large = floats(100_000);
    await pool.run(versionOf('double'), large, ['y']);
    expect(large.get('x')?.data.length).toBe(0);
    const memory = new Float32Array(1000).fill(2);
    const part = new Map<string, Tensor>([
      ['x', { datatype: 'FP32', shape: [1, 2], data: memory.subarray(4, 6) }],
    ]);
    const outputs = await pool.run(versionOf('double'), part, ['y']);
    expect(outputs.get('y')?.data).toEqual(Float32Array.of(4, 4));
    expect(memory.length).toBe(1000);
  });

  it("fails with the engine's own error, code and kind", async () => {
    const { pool } = await poolWith();
    const bad = new Map<string, Tensor>([
      ['x', { datatype: 'FP32', shape: [1, 3], data: new Float32Array(2) }],
    ]);
    await expect(pool.run(versionOf('identity_fp32'), bad, ['y'])).rejects.toMatchObject({
      name: 'InvalidInputError',
      code: 'INFERENCE_FAILED',
      statusCode: 400,
    });
  });

  it('does not hold up the thread that asks', async () => {
    const { pool } = await poolWith();
    await pool.load(versionOf('double'));
    let turns = 0;
    const counter = setInterval(() => (turns += 1), 0);
    await pool.run(versionOf('double'), floats(20_000_000), ['y']);
    clearInterval(counter);
    expect(turns).toBeGreaterThan(2);
  });
});

/** The engine's worker, which ends when it sees the number 666. */
function mortalEntry(): URL {
  const real = new URL('../../../server/engine-worker.ts', import.meta.url).href;
  return entryFrom(`
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', (request) => {
      if (request.type === 'run' && request.inputs.get('x').data[0] === 666) process.exit(1);
    });
    await import(${JSON.stringify(real)});`);
}

/** A worker that does what a test needs: it answers loads, and ends or hangs when it is asked to run. */
function entryThat(onRun: string): URL {
  return entryFrom(`
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', (request) => {
      if (request.type === 'run') { ${onRun} }
      if (request.type === 'stop') parentPort.close();
      else parentPort.postMessage({ type: 'done', id: request.id });
    });
    parentPort.postMessage({ type: 'ready' });`);
}

function entryFrom(source: string): URL {
  const directory = mkdtempSync(join(tmpdir(), 'worker-'));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'worker.mjs');
  writeFileSync(path, source);
  return pathToFileURL(path);
}

describe('a worker that dies', () => {
  it('fails the requests it had in words, and is replaced', async () => {
    const { pool, events } = await poolWith({ entry: entryThat('process.exit(7);') });
    const version = versionOf('double');
    await pool.load(version);
    const results = await Promise.allSettled([1, 2].map(() => pool.run(version, floats(1), ['y'])));
    for (const result of results) {
      expect(result).toMatchObject({ reason: { code: 'WORKER_DIED', statusCode: 503, retryable: true } });
    }
    await vi.waitFor(() => expect(pool.alive).toBe(1));
    expect(events.filter(({ type }) => type === 'worker-replaced')).toEqual([
      { type: 'worker-replaced', reason: 'died' },
    ]);
  });

  it('leaves a pool that serves the same versions as before, at once', async () => {
    const { pool, events } = await poolWith({ workers: 2, entry: mortalEntry() });
    const version = versionOf('double');
    await pool.load(version);
    await vi.waitFor(() => expect(events.filter(({ type }) => type === 'session-loaded')).toHaveLength(2));
    await expect(pool.run(version, floats(1, 666), ['y'])).rejects.toMatchObject({ code: 'WORKER_DIED' });
    const outputs = await pool.run(version, floats(1), ['y']);
    expect(outputs.get('y')?.data).toEqual(Float32Array.of(2));
    await vi.waitFor(() => expect(pool.alive).toBe(2));
    await vi.waitFor(() => expect(events.filter(({ type }) => type === 'session-loaded')).toHaveLength(3));
  });

  it('because a run takes too long is given up and replaced', async () => {
    const { pool, events } = await poolWith({
      entry: entryThat('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);'),
      runTimeoutMs: 100,
    });
    const version = versionOf('double');
    await pool.load(version);
    await expect(pool.run(version, floats(1), ['y'])).rejects.toMatchObject({
      code: 'WORKER_DIED',
      message: expect.stringContaining('100 ms'),
    });
    await vi.waitFor(() => expect(pool.alive).toBe(1));
    expect(events.some(({ reason }) => reason === 'timeout')).toBe(true);
  });
});

describe('a model that never comes to an end', () => {
  const endless = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);';

  it('while it is opened fails in words, its worker is replaced, and counts as stuck until it is done', async () => {
    const real = new URL('../../../server/engine-worker.ts', import.meta.url).href;
    const { pool, events } = await poolWith({
      entry: entryFrom(`
        import { parentPort } from 'node:worker_threads';
        parentPort.on('message', (request) => {
          if (request.type === 'load' && request.version.model === 'double') { ${endless} }
        });
        await import(${JSON.stringify(real)});`),
      openTimeoutMs: 300,
    });
    await expect(pool.load(versionOf('double'))).rejects.toMatchObject({
      code: 'WORKER_DIED',
      statusCode: 503,
    });
    expect(pool.stuck).toBe(1);
    await vi.waitFor(() => expect(pool.alive).toBe(1));
    const outputs = await pool.run(versionOf('identity_fp32'), floats(1, 3), ['y']);
    expect(outputs.get('y')?.data).toEqual(Float32Array.of(3));
    expect(events.filter(({ type }) => type === 'worker-replaced')).toEqual([
      { type: 'worker-replaced', reason: 'timeout' },
    ]);
    await vi.waitFor(() => expect(pool.stuck).toBe(0), { timeout: 5_000 });
  });

  it('on a worker that is being recycled fails all the same, and the next worker is recycled after it', async () => {
    const real = new URL('../../../server/engine-worker.ts', import.meta.url).href;
    const { pool, events } = await poolWith({
      entry: entryFrom(`
        import { parentPort } from 'node:worker_threads';
        parentPort.on('message', (request) => {
          if (request.type === 'run' && request.inputs.get('x').data[0] === 666) { ${endless} }
        });
        await import(${JSON.stringify(real)});`),
      closedPerWorker: 1,
      runTimeoutMs: 700,
    });
    const recycled = () => events.filter(({ reason }) => reason === 'recycled').length;
    const [double, identity] = [versionOf('double'), versionOf('identity_fp32')];
    await pool.load(double);
    await pool.forget(double);
    await pool.load(identity);
    // Its successor is being started.
    const run = pool.run(identity, floats(1, 666), ['y']);
    await vi.waitFor(() => expect(recycled()).toBe(1), { timeout: 5_000 });
    await expect(run).rejects.toMatchObject({ code: 'WORKER_DIED' });
    expect([pool.stuck, pool.alive]).toEqual([1, 1]);
    await vi.waitFor(() => expect(pool.stuck).toBe(0), { timeout: 5_000 });
    await pool.forget(identity);
    await pool.load(double);
    await vi.waitFor(() => expect(recycled()).toBe(2), { timeout: 5_000 });
    expect(events.some(({ reason }) => reason === 'timeout')).toBe(false);
  });

  it('is not taken for one that only waits behind others', async () => {
    const { pool, events } = await poolWith({
      entry: entryThat('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);'),
      runTimeoutMs: 600,
    });
    const version = versionOf('double');
    await pool.load(version);
    await Promise.all(Array.from({ length: 6 }, () => pool.run(version, floats(1), ['y'])));
    expect(events.some(({ type }) => type === 'worker-replaced')).toBe(false);
  });
});

describe('a version that not every worker could open', () => {
  it('is opened by the others later, while the first one answers', async () => {
    const real = new URL('../../../server/engine-worker.ts', import.meta.url).href;
    const flag = join(mkdtempSync(join(tmpdir(), 'flag-')), 'failed');
    cleanups.push(() => rmSync(dirname(flag), { recursive: true, force: true }));
    // The first worker to be asked cannot open the file, once: it looks for one that nobody has.
    const { pool, events } = await poolWith({
      workers: 2,
      entry: entryFrom(`
        import { mkdirSync } from 'node:fs';
        import { parentPort } from 'node:worker_threads';
        parentPort.on('message', (request) => {
          if (request.type !== 'load') return;
          try { mkdirSync(${JSON.stringify(flag)}); } catch { return; }
          request.paths.clear();
          request.version.artifact.digest = '0'.repeat(64);
        });
        await import(${JSON.stringify(real)});`),
    });
    await pool.load(versionOf('double'));
    const loaded = () => events.filter(({ type }) => type === 'session-loaded').length;
    await vi.waitFor(() => expect(loaded()).toBe(2), { timeout: 10_000 });
    expect(events.filter(({ type }) => type === 'load-failed')).toHaveLength(1);
  });
});

describe('sessions', () => {
  it('are closed when their version is not served any longer', async () => {
    const { pool, events } = await poolWith();
    await pool.load(versionOf('double'));
    await pool.forget(versionOf('double'));
    expect(events.map(({ type }) => type)).toEqual(['session-loaded', 'session-evicted']);
    const outputs = await pool.run(versionOf('double'), floats(1), ['y']);
    expect(outputs.get('y')?.data).toEqual(Float32Array.of(2));
  });

  it('that are opened while their worker is recycled are opened by its successor before they are asked', async () => {
    const real = new URL('../../../server/engine-worker.ts', import.meta.url).href;
    const slow = join(mkdtempSync(join(tmpdir(), 'flag-')), 'slow');
    cleanups.push(() => rmSync(dirname(slow), { recursive: true, force: true }));
    const { pool, events } = await poolWith({
      closedPerWorker: 1,
      entry: entryFrom(`
        import { existsSync } from 'node:fs';
        import { parentPort } from 'node:worker_threads';
        parentPort.on('message', (request) => {
          if (request.type !== 'load' || request.version.model !== 'double') return;
          if (existsSync(${JSON.stringify(slow)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
        });
        await import(${JSON.stringify(real)});`),
    });
    const double = versionOf('double');
    await pool.load(double);
    await pool.forget(double);
    await pool.load(versionOf('identity_fp32'));
    writeFileSync(slow, '');
    // The worker that is asked opens it for longer than its successor takes to come.
    const outputs = await pool.run(double, floats(1), ['y']);
    expect(outputs.get('y')?.data).toEqual(Float32Array.of(2));
    expect(events.some(({ reason }) => reason === 'recycled')).toBe(true);
  });

  it('that come and go wear a worker out: it is replaced without anybody noticing', async () => {
    const { pool, events } = await poolWith({ closedPerWorker: 3 });
    const swaps = ['double', 'identity_fp32'];
    for (let i = 0; i < 10; i++) {
      const version = versionOf(swaps[i % 2] ?? '');
      const outputs = await pool.run(version, floats(1), ['y']);
      expect(outputs.get('y')?.data).toEqual(Float32Array.of(i % 2 === 0 ? 2 : 1));
      await pool.forget(version);
      await vi.waitFor(() => expect(pool.alive).toBe(1));
    }
    await vi.waitFor(() => expect(events.some(({ reason }) => reason === 'recycled')).toBe(true));
  });
});
