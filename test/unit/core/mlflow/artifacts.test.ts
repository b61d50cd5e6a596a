import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { RegistryTable } from '../../../../aws/registry-table.ts';
import { TrackingTable } from '../../../../aws/tracking-table.ts';
import { AccessControl } from '../../../../core/access/access-control.ts';
import type { AccessRule } from '../../../../core/access/access-document.ts';
import { AccessRules } from '../../../../core/access/access-rules.ts';
import { MlflowServer } from '../../../../core/mlflow/mlflow-server.ts';
import type { Scope } from '../../../../lib/contracts/access.ts';
import { DynamoDbInMemory } from '../../../support/dynamodb-in-memory.ts';
import { StagingInMemory } from '../../../support/staging-in-memory.ts';

const EVERYTHING: readonly Scope[] = ['registry.read', 'registry.write', 'deploy'];

let staging: StagingInMemory;
let registry: RegistryTable;
let server: MlflowServer;
let rules: AccessRule[] | undefined;
/** Artifact URIs without their scheme, as they stand in paths. */
let run: { readonly id: string; readonly folder: string };
let model: { readonly id: string; readonly folder: string };

beforeEach(async () => {
  rules = undefined;
  staging = new StagingInMemory();
  const { client } = new DynamoDbInMemory();
  registry = new RegistryTable(client, 'registry');
  const current = async () =>
    rules && { revision: 1, time: '', rules: new AccessRules({ version: 1, rules }) };
  server = new MlflowServer({
    registry,
    pushes: { tracking: new TrackingTable(client, 'registry'), staging },
    access: new AccessControl({ current }),
    maxRequestBytes: 1_000_000,
    maxResponseBytes: 4_000_000,
  });
  const made = (await ask('POST', 'mlflow/runs/create', { experiment_id: '0', start_time: 1 })).json as {
    run: { info: { run_id: string; artifact_uri: string } };
  };
  run = { id: made.run.info.run_id, folder: made.run.info.artifact_uri.replace('mlflow-artifacts:/', '') };
  const logged = (await ask('POST', 'mlflow/logged-models', { experiment_id: '0', source_run_id: run.id }))
    .json as { model: { info: { model_id: string; artifact_uri: string } } };
  const { model_id, artifact_uri } = logged.model.info;
  model = { id: model_id, folder: artifact_uri.replace('mlflow-artifacts:/', '') };
});

interface Asked {
  readonly scopes?: readonly Scope[];
  readonly id?: string;
}

async function ask(
  method: string,
  path: string,
  fields: Readonly<Record<string, unknown>> | Buffer = {},
  { scopes = EVERYTHING, id = 'ann' }: Asked = {},
) {
  const isBytes = Buffer.isBuffer(fields);
  const query = isBytes
    ? {}
    : Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, [String(value)]]));
  const answer = await server.handle(
    {
      method,
      path: `/api/2.0/${path}`,
      ...(method === 'GET' && { query }),
      headers: {},
      body: isBytes ? fields : Buffer.from(method === 'GET' ? '' : JSON.stringify(fields)),
      requestId: 'request-7',
    },
    { id, scopes, groups: ['team'] },
  );
  return { ...answer, json: JSON.parse(Buffer.from(answer.body).toString()) };
}

const at = (folder: string, name: string) => `mlflow-artifacts/artifacts/${folder}/${name}`;

async function pushModel(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    expect((await ask('PUT', at(model.folder, name), Buffer.from(text))).status).toBe(200);
  }
  await ask('PATCH', `mlflow/logged-models/${model.id}`, { status: 'LOGGED_MODEL_READY' });
}

async function register(name: string): Promise<void> {
  await ask('POST', 'mlflow/registered-models/create', { name });
  const created = await ask('POST', 'mlflow/model-versions/create', {
    name,
    source: `models:/${model.id}`,
    model_id: model.id,
  });
  expect(created.json).toMatchObject({ model_version: { run_id: run.id, source: `models:/${model.id}` } });
}

async function downloadFolder(name: string): Promise<string> {
  const { json } = await ask('GET', 'mlflow/model-versions/get-download-uri', { name, version: '1' });
  return json.artifact_uri.replace('mlflow-artifacts:/', '');
}

describe('a file', () => {
  it('that is small or empty is stored as it comes', async () => {
    expect((await ask('PUT', at(run.folder, 'a/b.txt'), Buffer.from('text'))).status).toBe(200);
    expect((await ask('PUT', at(run.folder, 'empty'), Buffer.alloc(0))).status).toBe(200);
    expect(Object.fromEntries(staging.files)).toEqual({
      [`drafts/runs/${run.id}/a/b.txt`]: Buffer.from('text'),
      [`drafts/runs/${run.id}/empty`]: Buffer.alloc(0),
    });
  });

  it('that is larger is sent to the store', async () => {
    const size = 1024 * 1024 + 1;
    const answer = await ask('PUT', at(model.folder, 'model.onnx'), Buffer.alloc(size));
    expect(answer).toMatchObject({
      status: 307,
      headers: {
        location: `https://store.example/drafts/models/${model.id}/model.onnx?put=${size}`,
        'cache-control': 'no-store',
      },
    });
    expect(staging.files.size).toBe(0);
  });

  it('is read from the store, by redirect or by a URL with its size', async () => {
    await pushModel({ MLmodel: 'flavors' });
    const url = `https://store.example/drafts/models/${model.id}/MLmodel?get`;
    expect(await ask('GET', at(model.folder, 'MLmodel'))).toMatchObject({
      status: 302,
      headers: { location: url },
    });
    const presigned = await ask('GET', `mlflow-artifacts/presigned/${model.folder}/MLmodel`);
    expect(presigned.json).toEqual({ url, headers: {}, file_size: 7 });
  });

  it.each(['artifacts', 'presigned'])('that is not there is 404: %s', async (route) => {
    for (const path of [`${run.folder}/nothing`, `0/${'a'.repeat(32)}/artifacts/x`, 'x', `${run.folder}`]) {
      const { status, json } = await ask('GET', `mlflow-artifacts/${route}/${path}`);
      expect([path, status, json.error_code]).toEqual([path, 404, 'RESOURCE_DOES_NOT_EXIST']);
    }
  });

  it('is listed in its folder, folders first seen as such, and nothing beside it', async () => {
    await ask('PUT', at(run.folder, 'model/MLmodel'), Buffer.from('1234'));
    await ask('PUT', at(run.folder, 'plot.png'), Buffer.from('12'));
    const list = async (path: string) => (await ask('GET', 'mlflow-artifacts/artifacts', { path })).json;
    expect(await list(run.folder)).toEqual({
      files: [
        { path: 'model', is_dir: true },
        { path: 'plot.png', is_dir: false, file_size: 2 },
      ],
    });
    expect(await list(`${run.folder}/model`)).toEqual({
      files: [{ path: 'MLmodel', is_dir: false, file_size: 4 }],
    });
    for (const nothing of ['', '0', `0/${run.id}`, `${run.folder}/none`, `1/${run.id}/artifacts`]) {
      expect(await list(nothing)).toEqual({});
    }
  });
});

describe('a file in parts', () => {
  const file = (folder: string, step: string) => `mlflow-artifacts/mpu/${step}/${folder}`;

  it('goes to the store by one URL for each part, under the name that it has on the client', async () => {
    const { json } = await ask('POST', file(`${model.folder}/weights`, 'create'), {
      path: '/home/ann/models/model.onnx',
      num_parts: 2,
    });
    const key = `drafts/models/${model.id}/weights/model.onnx`;
    expect(json).toEqual({
      upload_id: expect.any(String),
      credentials: [1, 2].map((part) => ({
        url: `https://store.example/${key}?part=${part}`,
        part_number: part,
        headers: {},
      })),
    });
    const parts = [2, 1].map((number) => {
      const { etag } = staging.uploadPart(key, json.upload_id, number, Buffer.from(`part${number}`));
      return { part_number: number, etag, url: 'https://store.example' };
    });
    const fields = { path: 'C:\\models\\model.onnx', upload_id: json.upload_id, parts };
    expect((await ask('POST', file(`${model.folder}/weights`, 'complete'), fields)).status).toBe(200);
    expect(String(staging.files.get(key))).toBe('part1part2');
    const again = await ask('POST', file(`${model.folder}/weights`, 'complete'), fields);
    expect([again.status, again.json.error_code]).toEqual([400, 'INVALID_PARAMETER_VALUE']);
  });

  it('can be given up', async () => {
    const { json } = await ask('POST', file(run.folder, 'create'), { path: 'a', num_parts: 1 });
    const fields = { path: 'a', upload_id: json.upload_id };
    expect((await ask('POST', file(run.folder, 'abort'), fields)).status).toBe(200);
    expect((await ask('POST', file(run.folder, 'abort'), fields)).status).toBe(200);
  });

  it.each([
    { path: 'a', num_parts: 0 },
    { path: 'a', num_parts: 1001 },
    { path: '', num_parts: 1 },
    { path: 'a/..', num_parts: 1 },
    { num_parts: 1 },
  ])('is refused when it cannot be: %j', async (fields) => {
    const { status, json } = await ask('POST', file(run.folder, 'create'), fields);
    expect([status, json.error_code]).toEqual([400, 'INVALID_PARAMETER_VALUE']);
  });
});

describe('a path', () => {
  const climbing = [
    '..',
    '../x',
    'a/../../x',
    '%2e%2e/x',
    '%2E%2E%2Fx',
    '%252e%252e/x',
    '%25252e%25252e/x',
    'a%2F..%2Fx',
    'a%5C..%5Cx',
    './x',
    'a//x',
    'a%00b',
    'a%0Ab',
  ];

  it.each(climbing)('that leads out of its folder is refused, wherever it stands: %s', async (path) => {
    for (const [method, route] of [
      ['PUT', 'artifacts'],
      ['GET', 'artifacts'],
      ['GET', 'presigned'],
    ] as const) {
      const { status } = await ask(
        method,
        `mlflow-artifacts/${route}/${run.folder}/${path}`,
        Buffer.from('x'),
      );
      expect([method, route, status]).toEqual([method, route, 400]);
    }
    const listed = await ask('GET', 'mlflow-artifacts/artifacts', {
      path: `${run.folder}/${decodeURIComponent(path)}`,
    });
    expect(listed.status).toBe(400);
    const fields = { path: 'x', num_parts: 1 };
    expect((await ask('POST', `mlflow-artifacts/mpu/create/${run.folder}/${path}`, fields)).status).toBe(400);
    expect(staging.files.size).toBe(0);
  });

  it('of any kind never writes outside of the folder that it names', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '..',
        '.',
        '%2e',
        '%2f',
        '%252e',
        '/',
        '\\',
        'a',
        run.id,
        model.id,
        'artifacts',
        'models',
      ),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        staging.files.clear();
        const path = `mlflow-artifacts/artifacts/${run.folder}/${pieces.join('/').replaceAll('?', '')}`;
        const { status } = await ask('PUT', path, Buffer.from('x'));
        const keys = [...staging.files.keys()];
        expect(
          keys.every((key) => key.startsWith(`drafts/runs/${run.id}/`) && !key.split('/').includes('..')),
        ).toBe(true);
        expect([200, 400]).toContain(status);
        expect(keys.length).toBe(status === 200 ? 1 : 0);
      }),
      { numRuns: 300 },
    );
  });

  it('outside of runs and logged models takes nothing', async () => {
    for (const path of ['x', 'versions/1/x', `0/${run.id}/x`, 'registered/Y3JlZGl0/1/x']) {
      expect((await ask('PUT', `mlflow-artifacts/artifacts/${path}`, Buffer.from('x'))).status).toBe(400);
    }
    for (const path of [`1/${run.id}/artifacts/x`, `0/models/m-0/artifacts/x`, `0/none/artifacts/x`]) {
      expect((await ask('PUT', `mlflow-artifacts/artifacts/${path}`, Buffer.from('x'))).status).toBe(404);
    }
    expect(staging.files.size).toBe(0);
  });
});

describe('who may', () => {
  it('write the files of a run is who made it, and an administrator', async () => {
    const put = (asked: Asked) => ask('PUT', at(run.folder, 'x'), Buffer.from('x'), asked);
    expect((await put({ id: 'bob' })).json.error_code).toBe('PERMISSION_DENIED');
    expect((await put({ id: 'bob', scopes: ['admin'] })).status).toBe(200);
    expect((await put({ scopes: ['registry.read'] })).status).toBe(403);
    expect((await put({})).status).toBe(200);
  });

  it('read the files of a version is who may see that version', async () => {
    await pushModel({ MLmodel: 'flavors' });
    await register('credit');
    const folder = await downloadFolder('credit');
    const get = () => ask('GET', at(folder, 'MLmodel'), {}, { id: 'bob', scopes: ['registry.read'] });
    expect((await get()).status).toBe(302);
    rules = [{ principals: ['bob'], actions: ['*'], models: ['fraud'] }];
    expect((await get()).json.error_code).toBe('PERMISSION_DENIED');
    rules = [{ principals: ['bob'], actions: ['*'], models: ['credit'] }];
    expect((await get()).status).toBe(302);
  });
});

describe('a version', () => {
  it('keeps the files that were there when it was made, whatever is pushed later', async () => {
    const name = 'risk %2F & "ü"?#';
    await pushModel({ MLmodel: 'flavors', 'data/w.bin': 'weights' });
    await register(name);
    await ask('PUT', at(model.folder, 'MLmodel'), Buffer.from('changed'));
    const folder = await downloadFolder(name);
    expect(folder).toMatch(/^registered\/[\w-]+\/1$/);
    const location = (await ask('GET', at(folder, 'data/w.bin'))).headers['location'] ?? '';
    const key = new URL(location).pathname.slice(1);
    expect(key).toMatch(/^versions\/[\w-]+\/data\/w\.bin$/);
    const kept = key.replace('data/w.bin', 'MLmodel');
    expect(String(staging.files.get(kept))).toBe('flavors');
    expect((await ask('PUT', at(folder, 'MLmodel'), Buffer.from('x'))).status).toBe(400);
  });

  it('of a file in a run is made by the address that clients send for runs:/', async () => {
    await ask('PUT', at(run.folder, 'model/model.onnx'), Buffer.from('onnx'));
    await registry.createModel({ name: 'credit' });
    const source = `mlflow-artifacts:/${run.folder}/model`;
    const fields = { name: 'credit', source, run_id: run.id };
    expect((await ask('POST', 'mlflow/model-versions/create', fields)).json).toMatchObject({
      model_version: { source, run_id: run.id },
    });
    const folder = await downloadFolder('credit');
    const listed = await ask('GET', 'mlflow-artifacts/artifacts', { path: folder });
    expect(listed.json).toEqual({ files: [{ path: 'model.onnx', is_dir: false, file_size: 4 }] });
  });

  it('that is copied has the files of the other, under its own name', async () => {
    await pushModel({ MLmodel: 'flavors' });
    await register('credit');
    await registry.createModel({ name: 'copy' });
    await ask('POST', 'mlflow/model-versions/create', { name: 'copy', source: 'models:/credit/1' });
    const [one, other] = [await downloadFolder('credit'), await downloadFolder('copy')];
    expect(one).not.toBe(other);
    const locations = await Promise.all([one, other].map((folder) => ask('GET', at(folder, 'MLmodel'))));
    expect(new Set(locations.map(({ headers }) => headers['location'])).size).toBe(1);
  });

  it('of nothing is refused, in words that say what to do', async () => {
    await registry.createModel({ name: 'credit' });
    const refusals = [
      [{ source: `models:/${model.id}`, model_id: model.id }, 400, 'LOGGED_MODEL_PENDING'],
      [{ source: 'models:/m-none', model_id: 'm-none' }, 404, 'm-none'],
      [{ source: `mlflow-artifacts:/${run.folder}/model`, run_id: run.id }, 400, 'log_model'],
    ] as const;
    for (const [fields, status, words] of refusals) {
      const answer = await ask('POST', 'mlflow/model-versions/create', { name: 'credit', ...fields });
      expect([answer.status, answer.json.message]).toEqual([status, expect.stringContaining(words)]);
    }
    expect((await registry.model('credit')).versions).toEqual([]);
  });
});

it('tells clients that files go to the store', async () => {
  expect((await ask('GET', 'mlflow/server-info')).json).toEqual({
    workspaces_enabled: false,
    multipart_uploads_enabled: true,
    multipart_downloads_enabled: true,
    artifacts_presigned_only: true,
  });
});
