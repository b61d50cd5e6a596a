import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { RegistryTable } from '../../../../aws/registry-table.ts';
import { TrackingTable } from '../../../../aws/tracking-table.ts';
import { MlflowServer } from '../../../../core/mlflow/mlflow-server.ts';
import { isLater, type Metric } from '../../../../core/registry/tracking-records.ts';
import type { Scope } from '../../../../lib/contracts/access.ts';
import { DynamoDbInMemory } from '../../../support/dynamodb-in-memory.ts';
import { StagingInMemory } from '../../../support/staging-in-memory.ts';

const WRITER: readonly Scope[] = ['registry.read', 'registry.write'];

let dynamo: DynamoDbInMemory;
let tracking: TrackingTable;
let server: MlflowServer;

beforeEach(() => {
  dynamo = new DynamoDbInMemory();
  tracking = new TrackingTable(dynamo.client, 'registry');
  server = new MlflowServer({
    registry: new RegistryTable(dynamo.client, 'registry'),
    pushes: { tracking, staging: new StagingInMemory() },
    maxRequestBytes: 1_000_000,
    maxResponseBytes: 4_000_000,
  });
});

async function ask(method: string, path: string, fields: object = {}, scopes = WRITER) {
  const query = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, [String(value)]]));
  const { status, body } = await server.handle(
    {
      method,
      path: `/api/2.0/mlflow/${path}`,
      ...(method === 'GET' && { query }),
      headers: {},
      body: Buffer.from(method === 'GET' ? '' : JSON.stringify(fields)),
      requestId: 'request-7',
    },
    { id: 'ann', scopes },
  );
  return { status, json: JSON.parse(Buffer.from(body).toString()) };
}

const newRun = async (fields: object = {}) =>
  (await ask('POST', 'runs/create', { experiment_id: '0', start_time: 1000, ...fields })).json.run.info
    .run_id as string;

describe('an experiment', () => {
  it('is found by id and by name; "0" is there from the beginning', async () => {
    const { json } = await ask('POST', 'experiments/create', {
      name: 'churn',
      tags: [{ key: 'team', value: 'risk' }],
    });
    expect(json.experiment_id).toMatch(/^\d{1,19}$/);
    const byName = (await ask('GET', 'experiments/get-by-name', { experiment_name: 'churn' })).json;
    expect(byName).toMatchObject({
      experiment: {
        experiment_id: json.experiment_id,
        name: 'churn',
        lifecycle_stage: 'active',
        artifact_location: `mlflow-artifacts:/${json.experiment_id}`,
        tags: [{ key: 'team', value: 'risk' }],
      },
    });
    expect((await ask('GET', 'experiments/get', { experiment_id: json.experiment_id })).json).toEqual(byName);
    expect((await ask('GET', 'experiments/get', { experiment_id: '0' })).json.experiment.name).toBe(
      'Default',
    );
    expect((await ask('GET', 'experiments/get-by-name', { experiment_name: 'Default' })).status).toBe(200);
  });

  it.each([
    ['POST', 'experiments/create', { name: 'Default' }, 400, 'RESOURCE_ALREADY_EXISTS'],
    ['POST', 'experiments/create', { name: ' ' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['GET', 'experiments/get-by-name', { experiment_name: 'none' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['GET', 'experiments/get', { experiment_id: '7' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['POST', 'runs/create', { experiment_id: '7' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['GET', 'runs/get', { run_id: 'none' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['POST', 'runs/update', { run_id: 'none', status: 'FINISHED' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['POST', 'runs/log-metric', { run_id: 'none', key: 'f1', value: 1 }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['GET', 'logged-models/m-none', {}, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['POST', 'logged-models', { source_run_id: 'none' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ['POST', 'runs/search', {}, 400, 'INVALID_PARAMETER_VALUE'],
    ['POST', 'runs/search', { experiment_ids: ['0'], filter: 'x.y = 1' }, 400, 'INVALID_PARAMETER_VALUE'],
    ['POST', 'runs/search', { experiment_ids: ['0'], order_by: ['nothing'] }, 400, 'INVALID_PARAMETER_VALUE'],
  ] as const)('that cannot be is refused: %s %s %j', async (method, path, fields, status, code) => {
    const answer = await ask(method, path, fields);
    expect([answer.status, answer.json.error_code]).toEqual([status, code]);
  });

  it('is made once by several who make it at the same time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => ask('POST', 'experiments/create', { name: 'churn' })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400, 400, 400, 400]);
  });
});

describe('a run', () => {
  it('has the name that it was given, or that its tag says, or one of its own', async () => {
    const nameOf = async (fields: object) =>
      (await ask('GET', 'runs/get', { run_id: await newRun(fields) })).json.run.info.run_name;
    expect(await nameOf({ run_name: 'one' })).toBe('one');
    expect(await nameOf({ tags: [{ key: 'mlflow.runName', value: 'two' }] })).toBe('two');
    expect(await nameOf({})).toMatch(/^run-/);
  });

  it('shows what was logged, and how it ended', async () => {
    const run_id = await newRun({ user_id: 'ann' });
    await ask('POST', 'runs/log-batch', {
      run_id,
      metrics: [{ key: 'loss', value: 'NaN', timestamp: '5', step: '1' }],
      params: [{ key: 'depth', value: '3' }],
      tags: [{ key: 'kind', value: 'baseline' }],
    });
    await ask('POST', 'runs/outputs', { run_id, models: [{ model_id: 'm-1', step: 0 }] });
    const dataset = { name: 'rows', digest: 'd1', source_type: 'code', source: '{}' };
    const inputs = { run_id, datasets: [{ dataset, tags: [] }] };
    await ask('POST', 'runs/log-inputs', inputs);
    await ask('POST', 'runs/log-inputs', inputs);
    await ask('POST', 'runs/update', { run_id, status: 'FINISHED', end_time: 2000 });
    const { run } = (await ask('GET', 'runs/get', { run_id })).json;
    expect(run).toMatchObject({
      info: { status: 'FINISHED', start_time: 1000, end_time: 2000, user_id: 'ann', run_uuid: run_id },
      data: {
        metrics: [{ key: 'loss', value: 'NaN', timestamp: 5, step: 1 }],
        params: [{ key: 'depth', value: '3' }],
      },
      inputs: { dataset_inputs: [{ dataset }] },
      outputs: { model_outputs: [{ model_id: 'm-1', step: 0 }] },
    });
    expect(run.data.tags).toContainEqual({ key: 'kind', value: 'baseline' });
  });

  it('keeps a param as it was logged first, and takes the same again', async () => {
    const run_id = await newRun();
    const log = (value: string) => ask('POST', 'runs/log-parameter', { run_id, key: 'depth', value });
    expect((await log('3')).status).toBe(200);
    expect((await log('3')).status).toBe(200);
    const changed = await log('4');
    expect([changed.status, changed.json.error_code]).toEqual([400, 'INVALID_PARAMETER_VALUE']);
    expect((await tracking.logged([{ kind: 'run', id: run_id }]))[0]?.params).toEqual({ depth: '3' });
  });

  it('keeps entries of any allowed size in items that are small enough', async () => {
    const run_id = await newRun();
    const tags = Array.from({ length: 8 }, (_, i) => ({ key: `t${i}`, value: 'ü'.repeat(50_000) }));
    expect((await ask('POST', 'runs/log-batch', { run_id, tags })).status).toBe(200);
    const params = Array.from({ length: 100 }, (_, i) => ({ key: `p${i}`, value: 'x'.repeat(6000) }));
    expect((await ask('POST', 'runs/log-batch', { run_id, params })).status).toBe(200);
    const tooLong = [{ key: 'p', value: 'x'.repeat(6001) }];
    expect((await ask('POST', 'runs/log-batch', { run_id, params: tooLong })).status).toBe(400);
    const largest = Math.max(...dynamo.items.map((item) => Buffer.byteLength(JSON.stringify(item))));
    expect(largest).toBeLessThan(400 * 1024);
  });

  it('is left out of searches once it is deleted, and is there again when it is restored', async () => {
    const run_id = await newRun();
    const found = async (view: string) =>
      (await ask('POST', 'runs/search', { experiment_ids: ['0'], run_view_type: view })).json.runs.length;
    await ask('POST', 'runs/delete', { run_id });
    expect([await found('ACTIVE_ONLY'), await found('DELETED_ONLY'), await found('ALL')]).toEqual([0, 1, 1]);
    await ask('POST', 'runs/restore', { run_id });
    expect([await found('ACTIVE_ONLY'), await found('DELETED_ONLY')]).toEqual([1, 0]);
  });

  it('is changed by who may write, and seen by who may read', async () => {
    const run_id = await newRun();
    const fields = { run_id, key: 'a', value: 'b' };
    expect((await ask('POST', 'runs/set-tag', fields, ['registry.read'])).status).toBe(403);
    expect((await ask('GET', 'runs/get', { run_id }, ['registry.write'])).status).toBe(403);
  });
});

describe('a metric', () => {
  const point = fc.record({
    key: fc.constantFrom('f1', 'loss'),
    value: fc.oneof(fc.double(), fc.constantFrom(1, 2, 3)),
    timestamp: fc.integer({ min: 0, max: 3 }),
    step: fc.integer({ min: -2, max: 2 }),
  });

  it('shows its last point, whatever the order and the batches in which points come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(point, { maxLength: 5 }), { maxLength: 4 }), async (batches) => {
        const { id } = await tracking.createRun({
          experimentId: '0',
          name: 'r',
          startTime: 1,
          author: 'ann',
        });
        for (const metrics of batches) await tracking.log({ kind: 'run', id }, { metrics });
        const all = batches.flat();
        const [logged] = await tracking.logged([{ kind: 'run', id }]);
        for (const { key, step, timestamp } of logged?.metrics ?? []) {
          const of = all.filter(
            (each) => each.key === key && each.step === step && each.timestamp === timestamp,
          );
          expect(of.length).toBeGreaterThan(0);
          const later = (one: Metric) => all.some((each) => each.key === key && isLater(each, one));
          expect(of.some((one) => !later(one))).toBe(true);
        }
        expect(new Set(logged?.metrics.map(({ key }) => key))).toEqual(new Set(all.map(({ key }) => key)));
      }),
      { numRuns: 200 },
    );
  });

  it('has a history in the order of steps', async () => {
    const run_id = await newRun();
    for (const step of [10, -1, 2]) {
      await ask('POST', 'runs/log-metric', { run_id, key: 'f1', value: step, timestamp: 1, step });
    }
    const { json } = await ask('GET', 'metrics/get-history', { run_id, metric_key: 'f1' });
    expect(json.metrics.map(({ step }: Metric) => step)).toEqual([-1, 2, 10]);
  });
});

describe('a logged model', () => {
  const create = async (fields: object = {}) =>
    (await ask('POST', 'logged-models', { experiment_id: '0', name: 'credit', ...fields })).json.model;

  it('is pending until its files are there, and keeps tags and params', async () => {
    const run = await newRun();
    const { info } = await create({ source_run_id: run, params: [{ key: 'depth', value: '3' }] });
    expect(info).toMatchObject({
      status: 'LOGGED_MODEL_PENDING',
      source_run_id: run,
      artifact_uri: `mlflow-artifacts:/0/models/${info.model_id}/artifacts`,
    });
    const path = `logged-models/${info.model_id}`;
    await ask('PATCH', path, { status: 'LOGGED_MODEL_READY' });
    await ask('PATCH', `${path}/tags`, { tags: [{ key: 'mlflow.modelVersions', value: '[]' }] });
    await ask('POST', `${path}/params`, { params: [{ key: 'rate', value: '0.1' }] });
    const { model } = (await ask('GET', path)).json;
    expect(model).toMatchObject({
      info: { status: 'LOGGED_MODEL_READY', tags: [{ key: 'mlflow.modelVersions', value: '[]' }] },
      data: { params: [{ key: 'depth' }, { key: 'rate' }] },
    });
    await ask('DELETE', `${path}/tags/mlflow.modelVersions`);
    expect((await ask('GET', path)).json.model.info.tags).toEqual([]);
    expect((await ask('PATCH', path, { status: 'DONE' })).status).toBe(400);
  });

  it('is gone when it is deleted', async () => {
    const { info } = await create();
    expect((await ask('DELETE', `logged-models/${info.model_id}`)).status).toBe(200);
    expect((await ask('GET', `logged-models/${info.model_id}`)).status).toBe(404);
    expect((await ask('POST', 'logged-models/search', { experiment_ids: ['0'] })).json.models).toEqual([]);
  });

  it('is found by what was logged, in the order that is asked for, page by page', async () => {
    for (const depth of ['1', '2', '3', '4']) {
      await create({ name: `m${depth}`, params: [{ key: 'depth', value: depth }] });
    }
    const search = async (fields: object) =>
      (await ask('POST', 'logged-models/search', { experiment_ids: ['0'], ...fields })).json;
    const asked = {
      filter: "params.depth != '2' AND name LIKE 'm%'",
      order_by: [{ field_name: 'params.depth', ascending: false }],
      max_results: 2,
    };
    const first = await search(asked);
    const rest = await search({ ...asked, page_token: first.next_page_token });
    const names = [...first.models, ...rest.models].map(({ info }) => info.name);
    expect(names).toEqual(['m4', 'm3', 'm1']);
    expect(rest.next_page_token).toBeUndefined();
  });
});
