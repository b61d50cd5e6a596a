import assert from 'node:assert/strict';
import { type Check, type Suite, should } from '../check.ts';
import { readInference, readJson } from '../inference.ts';
import { REFERENCES } from '../references.ts';
import { assertRefused } from '../refusal.ts';
import type { ServerUnderTest } from '../server-under-test.ts';

interface Duration {
  readonly count: number;
  readonly ns: number;
}

interface ModelStatistics {
  readonly name: string;
  readonly version?: string;
  readonly last_inference: number;
  readonly inference_count: number;
  readonly execution_count: number;
  readonly inference_stats: Readonly<Record<string, Duration>>;
  readonly batch_stats: readonly (Readonly<Record<string, Duration | number>> & {
    readonly batch_size: number;
  })[];
}

const DURATIONS = ['success', 'fail', 'queue', 'compute_input', 'compute_infer', 'compute_output'];
const SHAPE = { datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] };
const REQUEST = {
  inputs: [
    { name: 'a', ...SHAPE },
    { name: 'b', ...SHAPE },
  ],
};

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

async function read(server: ServerUnderTest, path: string): Promise<readonly ModelStatistics[]> {
  const { model_stats: statistics } = readJson(await server.call('GET', path)) as {
    model_stats: ModelStatistics[];
  };
  assert.ok(Array.isArray(statistics), '"model_stats" is a list');
  return statistics;
}

/**
 * Servers that run as several processes count in each of them: nothing is said of how many inferences an answer
 * knows of.
 */
const answersStatistics = (title: string, path: (server: ServerUnderTest) => string): Check =>
  should(title, async (server) => {
    readInference(await server.infer('add_sub', REQUEST));
    const statistics = await read(server, path(server));
    for (const entry of statistics) {
      assert.equal(typeof entry.name, 'string');
      for (const key of ['last_inference', 'inference_count', 'execution_count'] as const) {
        assert.ok(isCount(entry[key]), `${key} is a whole number: ${entry[key]}`);
      }
      for (const key of DURATIONS) {
        const { count, ns } = entry.inference_stats[key] ?? {};
        assert.ok(isCount(count) && isCount(ns), `inference_stats.${key} has whole numbers count and ns`);
      }
      assert.ok(Array.isArray(entry.batch_stats), '"batch_stats" is a list');
    }
  });

export const statistics: Suite = {
  title: 'statistics',
  reference: REFERENCES.statistics,
  checks: [
    answersStatistics('GET /v2/models/stats answers counters of models', () => '/v2/models/stats'),
    answersStatistics('GET stats of a model answers its counters', (server) =>
      server.path('add_sub', '/stats'),
    ),
    answersStatistics('GET stats of a version answers its counters', (server) =>
      server.path('add_sub', '/stats', '1'),
    ),
    should('statistics of a model are of that model, one entry for each version', async (server) => {
      const entries = await read(server, server.path('two_versions', '/stats'));
      assert.deepEqual(new Set(entries.map(({ name }) => name)), new Set([server.name('two_versions')]));
      assert.deepEqual(new Set(entries.map(({ version }) => version)), new Set(['1', '2']));
    }),
    should('statistics of a version are of that version', async (server) => {
      const entries = await read(server, server.path('two_versions', '/stats', '2'));
      assert.deepEqual(
        entries.map(({ name, version }) => ({ name, version })),
        [{ name: server.name('two_versions'), version: '2' }],
      );
    }),
    should('a success has its parts: none of them was more often, nor took longer', async (server) => {
      for (const { inference_stats: parts } of await read(server, server.path('add_sub', '/stats'))) {
        const { success, compute_infer: run } = parts;
        assert.ok(success !== undefined && run !== undefined);
        assert.ok(run.count <= success.count && run.ns <= success.ns, JSON.stringify(parts));
      }
    }),
    should('statistics of a model that is not there are refused as an error', async ({ call }) => {
      assertRefused(await call('GET', '/v2/models/no_such_model/stats'), 400, 404, 501);
    }),
  ],
};
