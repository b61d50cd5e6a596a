import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InferenceStatistics } from '../../../../core/protocol/inference-statistics.ts';
import { IdentityRunner, modelVersion, serve, spec } from './in-memory.ts';

const credit = modelVersion('credit', [spec('x', 'FP32', -1)]);
const versions = [
  credit,
  { ...credit, version: '2' },
  { ...credit, version: '3', status: 'PENDING_REGISTRATION' as const },
  modelVersion('other', [spec('x', 'FP32', -1)]),
];
const request = { inputs: [{ name: 'x', datatype: 'FP32', shape: [2], data: [1, 2] }] };
const never = { count: 0, ns: 0 };

const UNUSED = {
  last_inference: 0,
  inference_count: 0,
  execution_count: 0,
  inference_stats: {
    success: never,
    fail: never,
    queue: never,
    compute_input: never,
    compute_infer: never,
    compute_output: never,
    cache_hit: never,
    cache_miss: never,
  },
  batch_stats: [],
};

/** A server whose clock moves on by a millisecond each time it is read, on New Year's Day of 2026. */
function served(options: Parameters<typeof serve>[1] = {}) {
  let milliseconds = 0;
  const { call } = serve(versions, { now: () => ++milliseconds, clock: () => 1_767_225_600_000, ...options });
  return {
    infer: async (path: string, body: unknown = request) =>
      (await call('POST', `/v2/models/${path}/infer`, { body })).status,
    stats: async (path: string) => (await call('GET', `/v2/models${path}/stats`)).json['model_stats'],
    get: (path: string) => call('GET', path),
  };
}

describe('statistics', () => {
  it('are all zero for versions that are ready and were not asked', async () => {
    const { stats } = served();
    expect(await stats('/credit')).toEqual([
      { name: 'credit', version: '1', ...UNUSED },
      { name: 'credit', version: '2', ...UNUSED },
    ]);
    expect(await stats('/credit/versions/2')).toEqual([{ name: 'credit', version: '2', ...UNUSED }]);
    expect(await stats('')).toEqual([]);
  });

  it('count what was answered, and where its time went in whole nanoseconds', async () => {
    const { infer, stats } = served();
    expect(await infer('credit')).toBe(200);
    expect(await infer('credit/versions/2')).toBe(200);
    // One millisecond between two readings of the clock; the time until the version is open is two of them.
    const [millisecond, two] = [
      { count: 2, ns: 2_000_000 },
      { count: 2, ns: 4_000_000 },
    ];
    const compute = { compute_input: millisecond, compute_infer: millisecond, compute_output: millisecond };
    expect(await stats('/credit/versions/champion')).toEqual([
      {
        name: 'credit',
        version: '2',
        last_inference: 1_767_225_600_000,
        inference_count: 2,
        execution_count: 2,
        inference_stats: {
          ...UNUSED.inference_stats,
          success: { count: 2, ns: 10_000_000 },
          queue: two,
          ...compute,
        },
        batch_stats: [{ batch_size: 1, ...compute }],
      },
    ]);
  });

  it('count what failed once the version was found: refused, or failed while it ran', async () => {
    const runner = new IdentityRunner();
    runner.run = () => Promise.reject(new Error('broken'));
    const { infer, stats } = served({ runner });
    expect([await infer('credit', {}), await infer('credit'), await infer('nobody')]).toEqual([
      400, 500, 404,
    ]);
    expect(await stats('/credit/versions/2')).toMatchObject([
      { inference_count: 0, inference_stats: { success: never, fail: { count: 2 } }, batch_stats: [] },
    ]);
  });

  it('of all models are those of the versions that were asked', async () => {
    const { infer, stats } = served();
    await infer('other');
    await infer('credit/versions/1');
    expect(await stats('')).toMatchObject([
      { name: 'other', version: '1', inference_count: 1 },
      { name: 'credit', version: '1', inference_count: 1 },
    ]);
  });

  it.each([
    ['/v2/models/nobody/stats', 'MODEL_NOT_FOUND'],
    ['/v2/models/credit/versions/9/stats', 'VERSION_NOT_FOUND'],
  ])('%s is 404', async (path, code) => {
    expect(await served().get(path)).toMatchObject({ status: 404, json: { error_code: code } });
  });

  it('add up: the parts of a success are the whole, and every count the number of requests', () => {
    const milliseconds = fc.double({ min: 0, max: 1e6, noNaN: true });
    const latency = fc.record({
      resolve: milliseconds,
      decode: milliseconds,
      load: milliseconds,
      run: milliseconds,
      encode: milliseconds,
      total: milliseconds,
    });
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1 }), fc.array(milliseconds), (answered, refused) => {
        const statistics = new InferenceStatistics(() => 1);
        for (const parts of answered) statistics.succeeded(credit, parts);
        for (const passed of refused) statistics.failed(credit, passed);
        const { inference_stats: stats, execution_count } = statistics.of(credit);
        const parts = [stats.queue, stats.compute_input, stats.compute_infer, stats.compute_output];
        expect(parts.reduce((sum, { ns }) => sum + ns, 0)).toBe(stats.success.ns);
        expect([stats.success, ...parts].map(({ count }) => count)).toEqual(
          parts.concat(never).map(() => answered.length),
        );
        expect(execution_count).toBe(answered.length);
        expect(stats.fail.count).toBe(refused.length);
        for (const { ns } of Object.values(stats)) expect(Number.isSafeInteger(ns)).toBe(true);
      }),
    );
  });
});
