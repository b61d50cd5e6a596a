import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RegistryTable } from '../../../../aws/registry-table.ts';
import { TrackingTable } from '../../../../aws/tracking-table.ts';
import type { Principal } from '../../../../core/access/principal.ts';
import { MlflowServer, mlflowRoutes } from '../../../../core/mlflow/mlflow-server.ts';
import { DynamoDbInMemory } from '../../../support/dynamodb-in-memory.ts';
import { StagingInMemory } from '../../../support/staging-in-memory.ts';

const CALLER: Principal = { id: 'ann', scopes: ['admin'] };

const { client } = new DynamoDbInMemory();
const registry = new RegistryTable(client, 'registry');
let next = 7;
const pushes = {
  tracking: new TrackingTable(client, 'registry', { newId: () => String(next++) }),
  staging: new StagingInMemory(),
};
const failures: unknown[] = [];
const server = new MlflowServer({
  registry,
  pushes,
  maxRequestBytes: 100_000,
  maxResponseBytes: 1_000_000,
  onInternalError: (error) => failures.push(error),
});

const FIELDS = [
  'name',
  'new_name',
  'version',
  'alias',
  'key',
  'value',
  'stage',
  'stages',
  'source',
  'run_id',
  'model_id',
  'tags',
  'description',
  'filter',
  'max_results',
  'order_by',
  'page_token',
  'archive_existing_versions',
  'experiment_id',
  'experiment_ids',
  'experiment_name',
  'metrics',
  'params',
  'datasets',
  'models',
  'status',
  'start_time',
  'timestamp',
  'step',
  'path',
  'num_parts',
  'parts',
  'upload_id',
];

const text = fc.oneof(
  fc.constantFrom(
    'a',
    'credit',
    '1',
    '01',
    '',
    'None',
    'latest',
    "name = 'a'",
    'name ASC',
    's3://b/k',
    'models:/a/1',
    '0',
    '7',
    'm-8',
    'models:/m-8',
    "metrics.f1 > 0.5 and params.a = 'x'",
    'LOGGED_MODEL_READY',
    'FINISHED',
    'NaN',
  ),
  fc.constantFrom('0/7/artifacts/x', '0/models/m-8/artifacts', 'registered/YQ/1', '-1e400', '1e300'),
  fc.constantFrom(
    '__proto__',
    'constructor',
    '../..',
    '%00',
    '\u0000',
    '\uD800',
    'eyJvZiI6IiIsImFmdGVyIjpbXX0',
  ),
  fc.string({ unit: 'binary' }),
);
const objects = fc.array(
  fc.dictionary(fc.constantFrom('key', 'value', 'timestamp', 'step', 'model_id', 'dataset', 'etag'), text),
  { maxLength: 3 },
);
const value = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 1, arbitrary: fc.jsonValue() },
  fc.array(text),
  objects,
);
const routes = mlflowRoutes({ registry, pushes }).map(({ method, pattern }) => ({ method, pattern }));

const requests = fc.record({
  route: fc.constantFrom(...routes),
  ids: fc.array(fc.constantFrom('7', 'm-8', 'a', '0/7/artifacts/x', '0/models/m-8/artifacts/x', '%2e%2e'), {
    minLength: 1,
    maxLength: 2,
  }),
  fields: fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 8 }),
});

it('no request whatever makes the registry fail: what is wrong with it is told to its caller', async () => {
  await registry.createModel({ name: 'a' });
  await registry.createVersion({ model: 'a', source: 's3://b/k' });
  await pushes.tracking.createRun({ experimentId: '0', name: 'run', startTime: 0, author: 'ann' });
  await pushes.tracking.createLoggedModel({ experimentId: '0', name: 'model', author: 'ann' });
  await fc.assert(
    fc.asyncProperty(requests, async ({ route, ids, fields }) => {
      const path = route.pattern.replaceAll(/\{\w+\}|\*/g, (what) =>
        what === '*' ? ids.join('/') : (ids[0] ?? ''),
      );
      const inWords = (given: unknown) => (typeof given === 'string' ? given : JSON.stringify(given));
      const texts = ([name, given]: [string, unknown]) => [name, [given].flat().map(inWords)];
      const { status, body } = await server.handle(
        {
          method: route.method,
          path: `/api/2.0/${path}`,
          query: Object.fromEntries(Object.entries(fields).map(texts)),
          headers: {},
          body: Buffer.from(route.method === 'GET' ? '' : JSON.stringify(fields)),
          requestId: 'request',
        },
        CALLER,
      );
      expect(failures).toEqual([]);
      expect(status).toBeLessThan(500);
      expect(typeof JSON.parse(Buffer.from(body).toString())).toBe('object');
    }),
    { numRuns: 3000, seed: 7 },
  );
});
