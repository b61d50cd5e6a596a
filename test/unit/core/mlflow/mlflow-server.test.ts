import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { RegistryTable } from '../../../../aws/registry-table.ts';
import { AccessControl } from '../../../../core/access/access-control.ts';
import type { AccessRule } from '../../../../core/access/access-document.ts';
import { AccessRules } from '../../../../core/access/access-rules.ts';
import type { Principal } from '../../../../core/access/principal.ts';
import { UnavailableError } from '../../../../core/errors.ts';
import { MlflowServer, mlflowRoutes } from '../../../../core/mlflow/mlflow-server.ts';
import { SCOPES, type Scope } from '../../../../lib/contracts/access.ts';
import { DynamoDbInMemory } from '../../../support/dynamodb-in-memory.ts';

const ADMITTED = {
  artifact: { digest: 'ab'.repeat(32), size: 10 },
  description: { irVersion: 9, opsets: {}, producer: '', operators: [], inputs: [], outputs: [] },
};
const VERSION = { name: 'credit', source: 's3://bucket/model' };
const EVERYTHING: readonly Scope[] = ['registry.read', 'registry.write', 'deploy'];

let dynamo: DynamoDbInMemory;
let registry: RegistryTable;
let server: MlflowServer;
let rules: AccessRule[] | undefined;
let failures: unknown[];
let refusals: unknown[];

function serverOver(table: RegistryTable, maxResponseBytes = 100_000): MlflowServer {
  const current = async () =>
    rules && { revision: 1, time: '', rules: new AccessRules({ version: 1, rules }) };
  return new MlflowServer({
    registry: table,
    access: new AccessControl({ current }),
    maxRequestBytes: 100_000,
    maxResponseBytes,
    onRefusal: (refusal) => refusals.push(refusal),
    onInternalError: (error) => failures.push(error),
  });
}

beforeEach(async () => {
  rules = undefined;
  failures = [];
  refusals = [];
  dynamo = new DynamoDbInMemory();
  registry = new RegistryTable(dynamo.client, 'registry');
  server = serverOver(registry);
  for (const name of ['credit', 'fraud']) {
    await registry.createModel({ name });
    for (const version of ['1', '2']) {
      await registry.createVersion({ model: name, source: 's3://bucket/model' });
      await registry.admitVersion({ model: name, version }, ADMITTED);
    }
    await registry.setAlias({ model: name, alias: 'champion', version: '1' });
    await registry.setAlias({ model: name, alias: 'candidate', version: '2' });
  }
});

interface Asked {
  readonly scopes?: readonly Scope[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly api?: string;
}

async function ask(
  method: string,
  path: string,
  fields: Readonly<Record<string, unknown>> = {},
  { scopes = EVERYTHING, headers = {}, body, api = '/api/2.0' }: Asked = {},
) {
  const principal: Principal = { id: 'ann', scopes, groups: ['team'] };
  const query = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, [value].flat().map(String)]),
  );
  const answer = await server.handle(
    {
      method,
      path: `${api}/mlflow/${path}`,
      ...(method === 'GET' && { query }),
      headers,
      body: body ?? Buffer.from(method === 'GET' ? '' : JSON.stringify(fields)),
      requestId: 'request-7',
    },
    principal,
  );
  const bytes = answer.headers['content-encoding'] === 'gzip' ? gunzipSync(answer.body) : answer.body;
  return { ...answer, json: JSON.parse(Buffer.from(bytes).toString()) };
}

const codeOf = async (...asked: Parameters<typeof ask>) => {
  const { status, json } = await ask(...asked);
  return [status, json.error_code];
};

describe('an error', () => {
  it('satisfies clients of MLflow and of every other API here, and is counted by our code', async () => {
    const answer = await ask('GET', 'registered-models/get', { name: 'nobody' });
    expect(answer.json).toEqual({
      error_code: 'RESOURCE_DOES_NOT_EXIST',
      message: expect.stringContaining('nobody'),
      error: answer.json.message,
      request_id: 'request-7',
    });
    expect(answer).toMatchObject({ status: 404, errorCode: 'MODEL_NOT_FOUND' });
    expect(failures).toEqual([]);
  });

  it.each([
    ['POST', 'registered-models/create', { name: 'credit' }, 400, 'RESOURCE_ALREADY_EXISTS'],
    [
      'POST',
      'registered-models/rename',
      { name: 'credit', new_name: 'fraud' },
      400,
      'RESOURCE_ALREADY_EXISTS',
    ],
    ['GET', 'registered-models/alias', { name: 'credit', alias: 'nobody' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['GET', 'registered-models/alias', { name: 'nobody', alias: 'nobody' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    [
      'GET',
      'registered-models/alias',
      { name: 'credit', alias: 'constructor' },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    ['GET', 'model-versions/get', { name: 'credit', version: '7' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['GET', 'model-versions/get', { name: 'credit', version: '-1' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['GET', 'model-versions/get', { name: 'credit' }, 400, 'INVALID_PARAMETER_VALUE'],
    [
      'GET',
      'model-versions/get',
      { name: ['credit', 'fraud'], version: '1' },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    ['GET', 'registered-models/search', { max_results: 'many' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['GET', 'model-versions/search', { max_results: 200_001 }, 400, 'INVALID_PARAMETER_VALUE'],
    ['POST', 'registered-models/create', { name: 'x', tags: 'a' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['POST', 'registered-models/create', { name: 'x', tags: [1] }, 400, 'INVALID_PARAMETER_VALUE'],
    [
      'POST',
      'registered-models/create',
      { name: 'x', tags: [{ value: 'a' }] },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    [
      'POST',
      'registered-models/create',
      { name: 'x', description: 'a'.repeat(70_000) },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    ['POST', 'registered-models/set-tag', { name: 'credit', key: 'k' }, 400, 'INVALID_PARAMETER_VALUE'],
    [
      'POST',
      'model-versions/create',
      { ...VERSION, run_id: 'r'.repeat(251) },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    [
      'POST',
      'model-versions/create',
      { ...VERSION, model_id: 'r'.repeat(251) },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    [
      'POST',
      'model-versions/create',
      { ...VERSION, run_link: 'r'.repeat(2049) },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    [
      'POST',
      'model-versions/create',
      { ...VERSION, source: `s3://bucket/${'k'.repeat(2048)}` },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    [
      'POST',
      'model-versions/transition-stage',
      { name: 'credit', version: '1', stage: 'x' },
      400,
      'INVALID_PARAMETER_VALUE',
    ],
    ['GET', 'registered-models/nothing', {}, 404, 'ENDPOINT_NOT_FOUND'],
    ['POST', 'registered-models/get', { name: 'credit' }, 405, 'BAD_REQUEST'],
  ])('%s %s %j is %i %s', async (method, path, fields, status, code) => {
    expect(await codeOf(method, path, fields)).toEqual([status, code]);
    expect(failures).toEqual([]);
  });

  it.each([
    ['{', 400],
    ['[]', 400],
    ['{"name":["a"]}', 400],
    ['"text"', 400],
    ['', 400],
    ['{"name":"a","name":"b"}', 400],
    ['['.repeat(10_000), 400],
    [`{"name":"${'a'.repeat(100_001)}"}`, 413],
  ])('is the answer to a body that cannot be read: %#', async (text, status) => {
    const body = Buffer.from(text);
    const answer = await ask('POST', 'registered-models/create', {}, { body });
    expect([answer.status, answer.json.error_code]).toEqual([status, 'INVALID_PARAMETER_VALUE']);
  });

  it('of the registry is 503 and may be tried again; one of ours is told to nobody', async () => {
    dynamo.client.send = undefined as never;
    const broken = (error: Error) =>
      serverOver({ model: () => Promise.reject(error) } as unknown as RegistryTable);
    server = broken(new UnavailableError('REGISTRY_UNAVAILABLE', 'try again'));
    const silent = await ask('GET', 'registered-models/get', { name: 'credit' });
    expect(silent).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(silent.json.error_code).toBe('TEMPORARILY_UNAVAILABLE');
    server = broken(new TypeError('secret internals'));
    const fault = await ask('GET', 'registered-models/get', { name: 'credit' });
    expect([fault.status, fault.json.error_code]).toEqual([500, 'INTERNAL_ERROR']);
    expect(JSON.stringify(fault.json)).not.toContain('secret');
    expect(failures).toHaveLength(2);
  });

  it('tells a caller whose answer would be too large what to do', async () => {
    server = serverOver(registry, 100);
    expect(await codeOf('GET', 'registered-models/get', { name: 'credit' })).toEqual([
      400,
      'INVALID_PARAMETER_VALUE',
    ]);
  });
});

describe('an answer', () => {
  it('is the same under both versions of the API, compressed for whoever takes that', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    await registry.updateModel({ model: 'credit', notes: 'long '.repeat(1000) });
    const plain = await ask('GET', 'registered-models/get', { name: 'credit' });
    const packed = await ask(
      'GET',
      'registered-models/get',
      { name: 'credit' },
      { headers, api: '/api/3.0' },
    );
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.json).toEqual(plain.json);
  });

  it('has times as numbers, versions as strings, and no empty lists', async () => {
    await registry.createModel({ name: 'empty' });
    const { json } = await ask('GET', 'registered-models/get', { name: 'empty' });
    const time = expect.any(Number);
    expect(json).toEqual({
      registered_model: { name: 'empty', creation_timestamp: time, last_updated_timestamp: time },
    });
    const shown = await ask('GET', 'model-versions/get', { name: 'credit', version: '01' });
    expect(shown.json.model_version).toEqual({
      name: 'credit',
      version: '1',
      creation_timestamp: time,
      last_updated_timestamp: time,
      current_stage: 'None',
      description: '',
      source: 's3://bucket/model',
      run_id: '',
      run_link: '',
      status: 'READY',
      aliases: ['champion'],
    });
  });

  it('of a request whose body is compressed is that of the body', async () => {
    const body = gzipSync(JSON.stringify({ name: 'credit' }));
    const headers = { 'content-encoding': 'gzip' };
    const answer = await ask('POST', 'registered-models/get-latest-versions', {}, { body, headers });
    expect(answer.json.model_versions).toHaveLength(1);
  });

  it('of a search ends a page early rather than being too large, and loses nothing', async () => {
    const text = 'x'.repeat(60_000);
    for (let i = 0; i < 60; i++) {
      await registry.createModel({ name: `large-${String(i).padStart(2, '0')}`, notes: text });
    }
    server = serverOver(registry, 3 * 1024 * 1024);
    const names: string[] = [];
    let token: string | undefined;
    let pages = 0;
    do {
      const fields = {
        filter: "name LIKE 'large-%'",
        max_results: 1000,
        ...(token && { page_token: token }),
      };
      const { json, status } = await ask('GET', 'registered-models/search', fields);
      expect(status).toBe(200);
      names.push(...json.registered_models.map(({ name }: { name: string }) => name));
      token = json.next_page_token;
      pages++;
    } while (token !== undefined);
    expect(pages).toBe(2);
    expect(names).toHaveLength(60);
    expect(new Set(names).size).toBe(60);
  });
});

describe('whoever has the scopes', () => {
  const routes = mlflowRoutes({ registry: {} as RegistryTable });
  const SUFFICIENT: Readonly<Record<string, readonly Scope[]>> = {
    read: ['registry.read', 'admin'],
    write: ['registry.write', 'admin'],
    move: ['registry.write', 'deploy', 'admin'],
  };

  it.each(
    routes.map(({ method, pattern, action }) => [method, pattern.replace('mlflow/', ''), action] as const),
  )('%s %s needs the scope to %s', async (method, path, action) => {
    const enough = SUFFICIENT[action] ?? [];
    for (const scope of SCOPES) {
      const [status, code] = await codeOf(method, path, {}, { scopes: [scope] });
      expect([scope, status === 403]).toEqual([scope, !enough.includes(scope)]);
      expect(code).toBe(status === 403 ? 'PERMISSION_DENIED' : code);
    }
  });

  const writes: readonly Scope[] = ['registry.read', 'registry.write'];
  it.each([
    ['POST', 'registered-models/alias', { name: 'credit', alias: 'champion', version: '2' }],
    ['DELETE', 'registered-models/alias', { name: 'credit', alias: 'champion' }],
    ['DELETE', 'model-versions/delete', { name: 'credit', version: '1' }],
    ['DELETE', 'registered-models/delete', { name: 'credit' }],
    ['POST', 'registered-models/rename', { name: 'credit', new_name: 'risk' }],
  ])('to write does not change what is in production: %s %s', async (method, path, fields) => {
    expect(await codeOf(method, path, fields, { scopes: writes })).toEqual([403, 'PERMISSION_DENIED']);
    expect((await registry.model('credit')).aliases).toMatchObject({ champion: '1' });
    expect((await ask(method, path, fields)).status).toBe(200);
  });

  it('to deploy moves the champion, and no other alias', async () => {
    const may = { scopes: ['deploy'] as const };
    const fields = { name: 'credit', version: '2' };
    const set = (alias: string) => ask('POST', 'registered-models/alias', { ...fields, alias }, may);
    expect((await set('champion')).status).toBe(200);
    expect((await set('candidate')).status).toBe(403);
  });

  it('to write moves other aliases, and deletes other versions and models', async () => {
    const may = { scopes: writes };
    const alias = { name: 'credit', alias: 'candidate', version: '1' };
    expect((await ask('POST', 'registered-models/alias', alias, may)).status).toBe(200);
    expect((await ask('DELETE', 'model-versions/delete', { name: 'credit', version: '2' }, may)).status).toBe(
      200,
    );
    await registry.deleteAlias({ model: 'fraud', alias: 'champion' });
    expect((await ask('DELETE', 'registered-models/delete', { name: 'fraud' }, may)).status).toBe(200);
  });
});

describe('access rules', () => {
  const rule = (aliases?: string[]): AccessRule => ({
    groups: ['team'],
    actions: ['registry.read', 'registry.write'],
    models: ['credit'],
    ...(aliases && { aliases }),
  });

  it('open the models that they name, and refuse others in the same words, whether they exist or not', async () => {
    rules = [rule()];
    expect((await ask('GET', 'registered-models/get', { name: 'credit' })).status).toBe(200);
    expect(
      (await ask('PATCH', 'registered-models/update', { name: 'credit', description: 'x' })).status,
    ).toBe(200);
    const refused = await Promise.all(
      ['fraud', 'nobody'].map(async (name) => {
        const answers = [
          await ask('GET', 'registered-models/get', { name }),
          await ask('POST', 'registered-models/create', { name }),
          await ask('GET', 'model-versions/get', { name, version: '1' }),
          await ask('DELETE', 'registered-models/delete', { name }),
        ];
        return answers.map(({ status, json }) => [status, json.message.replaceAll(name, 'it')]);
      }),
    );
    expect(refused[0]).toEqual(refused[1]);
    expect(new Set(refused.flat().map(([status]) => status))).toEqual(new Set([403]));
    expect(refusals).toHaveLength(8);
  });

  it('narrow what searches show', async () => {
    rules = [rule()];
    const models = await ask('GET', 'registered-models/search');
    expect(models.json.registered_models.map(({ name }: { name: string }) => name)).toEqual(['credit']);
    const versions = await ask('GET', 'model-versions/search', { filter: "name IN ('credit', 'fraud')" });
    expect(new Set(versions.json.model_versions.map(({ name }: { name: string }) => name))).toEqual(
      new Set(['credit']),
    );
  });

  it('about some aliases show these, and do not open the model itself', async () => {
    rules = [rule(['candidate'])];
    const { json } = await ask('GET', 'registered-models/get', { name: 'credit' });
    expect(json.registered_model.aliases).toEqual([{ alias: 'candidate', version: '2' }]);
    expect(json.registered_model.latest_versions).toHaveLength(1);
    const alias = { name: 'credit', alias: 'candidate', version: '1' };
    expect((await ask('POST', 'registered-models/alias', alias)).status).toBe(200);
    for (const [method, path, fields] of [
      ['PATCH', 'registered-models/update', { name: 'credit', description: 'x' }],
      ['POST', 'model-versions/create', { name: 'credit', source: 's3://bucket/model' }],
      ['POST', 'registered-models/alias', { name: 'credit', alias: 'other', version: '1' }],
      ['GET', 'model-versions/get', { name: 'credit', version: '1' }],
    ] as const) {
      expect(await codeOf(method, path, fields)).toEqual([403, 'PERMISSION_DENIED']);
    }
  });
});
