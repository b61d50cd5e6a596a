import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RegistryTable } from '../../../../aws/registry-table.ts';
import type { Principal } from '../../../../core/access/principal.ts';
import { MlflowServer, mlflowRoutes } from '../../../../core/mlflow/mlflow-server.ts';
import { DynamoDbInMemory } from '../../../support/dynamodb-in-memory.ts';

const CALLER: Principal = { id: 'ann', scopes: ['admin'] };

const registry = new RegistryTable(new DynamoDbInMemory().client, 'registry');
const failures: unknown[] = [];
const server = new MlflowServer({
  registry,
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
  ),
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
const value = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 1, arbitrary: fc.jsonValue() },
  fc.array(text),
);
const routes = mlflowRoutes({ registry }).map(({ method, pattern }) => ({
  method,
  path: `/api/2.0/${pattern}`,
}));

const requests = fc.record({
  route: fc.constantFrom(...routes),
  fields: fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 8 }),
});

it('no request whatever makes the registry fail: what is wrong with it is told to its caller', async () => {
  await registry.createModel({ name: 'a' });
  await registry.createVersion({ model: 'a', source: 's3://b/k' });
  await fc.assert(
    fc.asyncProperty(requests, async ({ route, fields }) => {
      const inWords = (given: unknown) => (typeof given === 'string' ? given : JSON.stringify(given));
      const texts = ([name, given]: [string, unknown]) => [name, [given].flat().map(inWords)];
      const { status, body } = await server.handle(
        {
          ...route,
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
