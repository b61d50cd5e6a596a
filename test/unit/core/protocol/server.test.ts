import { describe, expect, it } from 'vitest';
import { AccessControl } from '../../../../core/access/access-control.ts';
import type { Principal } from '../../../../core/access/principal.ts';
import { NotFoundError, StrataError, UnavailableError } from '../../../../core/errors.ts';
import { ADMIN, CALLER, DIGEST, IdentityRunner, modelVersion, registryOf, serve, spec } from './in-memory.ts';

const READER: Principal = { id: 'reader', scopes: ['registry.read'] };
const NOBODY: Principal = { id: 'nobody', scopes: ['feedback.write'] };

const credit = modelVersion('credit', [spec('age', 'INT64', -1, 1), spec('job', 'BYTES', -1, 1)], {
  outputs: [spec('score', 'FP32', -1, 2)],
});
const versions = [
  { ...credit, version: '1', status: 'FAILED_REGISTRATION' as const },
  { ...credit, version: '2' },
  { ...credit, version: '3', status: 'PENDING_REGISTRATION' as const },
  modelVersion('other', []),
];

const tensors = {
  inputs: [
    { name: 'age', datatype: 'INT64', shape: [-1, 1] },
    { name: 'job', datatype: 'BYTES', shape: [-1, 1] },
  ],
  outputs: [{ name: 'score', datatype: 'FP32', shape: [-1, 2] }],
};

describe('what is readable', () => {
  const { call } = serve(versions);
  const get = async (path: string, as = READER) => (await call('GET', path, { as })).json;

  it('is the server: who it is, and that it is alive and ready', async () => {
    for (const path of ['/v2', '/v2/']) {
      expect(await get(path)).toEqual({
        name: 'strata',
        version: '1.2.3',
        extensions: [
          'binary_tensor_data',
          'classification',
          'model_configuration',
          'model_repository',
          'statistics',
        ],
      });
    }
    expect(await get('/v2/health/live')).toEqual({ live: true });
    expect(await get('/v2/health/ready')).toEqual({ ready: true, live: true });
  });

  it('are the models: which there are, what they take and give', async () => {
    expect(await get('/v2/models')).toEqual({ models: ['credit', 'other'] });
    const metadata = {
      name: 'credit',
      versions: ['2'],
      platform: 'onnx_onnxv1',
      ...tensors,
      properties: {
        sha256: DIGEST,
        opset: '21',
        'opset.ai.onnx.ml': '3',
        ir_version: '10',
        producer: 'skl2onnx 1.20.0',
      },
    };
    for (const path of ['/v2/models/credit', '/v2/models/credit/versions/2'])
      expect(await get(path)).toEqual(metadata);
    expect(await get('/v2/models/credit/ready')).toEqual({ name: 'credit', ready: true });
  });

  it("is a model's configuration in Triton's words", async () => {
    expect(await get('/v2/models/credit/config')).toEqual({
      name: 'credit',
      platform: 'onnx_onnxv1',
      versions: ['2'],
      max_batch_size: 0,
      input: [
        { name: 'age', data_type: 'TYPE_INT64', dims: [-1, 1], optional: false },
        { name: 'job', data_type: 'TYPE_STRING', dims: [-1, 1], optional: false },
      ],
      output: [{ name: 'score', data_type: 'TYPE_FP32', dims: [-1, 2] }],
    });
  });

  it('is the index of the repository, of all versions or of those that are ready', async () => {
    const index = async (body?: unknown) =>
      (await call('POST', '/v2/repository/index', { body, as: READER })).json;
    const ready = [
      { name: 'credit', version: '2', state: 'READY', reason: '' },
      { name: 'other', version: '1', state: 'READY', reason: '' },
    ];
    const all = [
      { name: 'credit', version: '1', state: 'UNAVAILABLE', reason: expect.stringMatching(/not admitted/) },
      ready[0],
      { name: 'credit', version: '3', state: 'LOADING', reason: expect.stringMatching(/being admitted/) },
      ready[1],
    ];
    expect(await index()).toEqual(all);
    expect(await index({})).toEqual(all);
    expect(await index({ ready: false })).toEqual(all);
    expect(await index({ ready: true })).toEqual(ready);
    expect(await index({ ready: 'yes' })).toMatchObject({ error_code: 'INVALID_REQUEST' });
    expect(await index([])).toMatchObject({ error_code: 'INVALID_REQUEST' });
  });

  it('leaves out of the index what was deleted meanwhile, in a registry of many models', async () => {
    const many = Array.from({ length: 40 }, (_, i) => modelVersion(`m${i}`, []));
    const registry = registryOf(many);
    const model = async (name: string) => {
      if (name === 'm7') throw new NotFoundError('MODEL_NOT_FOUND', 'gone');
      return await registry.model(name);
    };
    const { call: ask } = serve([], { registry: { ...registry, model } });
    const { json } = await ask('POST', '/v2/repository/index');
    expect(json).toHaveLength(39);
  });

  it('gives no index when a model cannot be read for another reason', async () => {
    const model = () => Promise.reject(new UnavailableError('REGISTRY_UNAVAILABLE', 'Try again.'));
    const { call: ask } = serve([], { registry: { ...registryOf(versions), model } });
    expect((await ask('POST', '/v2/repository/index')).status).toBe(503);
  });
});

describe('what is not there', () => {
  const { call } = serve(versions);

  it.each([
    ['GET', '/v2/models/nothing', 404, 'MODEL_NOT_FOUND'],
    ['POST', '/v2/models/nothing/infer', 404, 'MODEL_NOT_FOUND'],
    ['GET', '/v2/models/credit/versions/9', 404, 'VERSION_NOT_FOUND'],
    ['GET', '/v2/models/credit/versions/3/ready', 503, 'MODEL_NOT_READY'],
    ['GET', '/v2/nothing', 404, 'ENDPOINT_NOT_FOUND'],
    ['PUT', '/v2/models/credit/infer', 405, 'METHOD_NOT_ALLOWED'],
    ['POST', '/v2/models/credit/generate', 501, 'UNSUPPORTED'],
    ['GET', '/v2/trace/setting', 501, 'UNSUPPORTED'],
    ['GET', '/v2/logging', 501, 'UNSUPPORTED'],
    ['POST', '/v2/cudasharedmemory/region/r/register', 501, 'UNSUPPORTED'],
  ])('%s %s answers %i %s', async (method, path, status, code) => {
    const reply = await call(method, path);
    expect(reply.status).toBe(status);
    expect(reply.headers['content-type']).toBe('application/json');
    expect(reply.json).toEqual({
      error: expect.any(String),
      error_code: code,
      message: reply.json['error'],
      request_id: 'request-1',
    });
  });

  it('tells which methods and encodings are, and when to come back', async () => {
    expect((await call('POST', '/v2')).headers).toMatchObject({ allow: 'GET' });
    const encoded = await call('POST', '/v2/models/credit/infer', { headers: { 'content-encoding': 'br' } });
    expect(encoded.headers).toMatchObject({ 'accept-encoding': 'gzip, deflate' });
    expect((await call('GET', '/v2/models/credit/versions/3')).headers).toMatchObject({ 'retry-after': '1' });
  });
});

describe('who may', () => {
  const { call } = serve(versions);
  const statusOf = async (method: string, path: string, as: Principal) =>
    (await call(method, path, { as })).status;

  it('read: those who infer, who read the registry, and administrators', async () => {
    for (const path of [
      '/v2',
      '/v2/health/ready',
      '/v2/models',
      '/v2/models/credit',
      '/v2/models/credit/ready',
    ]) {
      const statuses = [CALLER, READER, ADMIN, NOBODY].map((principal) => statusOf('GET', path, principal));
      expect(await Promise.all(statuses)).toEqual([200, 200, 200, 403]);
    }
  });

  it('infer: not those who only read the registry', async () => {
    const path = '/v2/models/other/infer';
    const statuses = [READER, NOBODY].map((principal) => statusOf('POST', path, principal));
    expect(await Promise.all(statuses)).toEqual([403, 403]);
    const { json } = await call('POST', path, { as: READER });
    expect(json).toMatchObject({
      error_code: 'PERMISSION_DENIED',
      error: expect.stringContaining('"infer"'),
    });
    expect((await call('POST', path, { as: ADMIN, body: { inputs: [] } })).status).toBe(200);
  });

  it('load: administrators alone', async () => {
    const path = '/v2/repository/models/credit/load';
    expect(await Promise.all([CALLER, READER].map((as) => statusOf('POST', path, as)))).toEqual([403, 403]);
    expect((await call('POST', path, { as: CALLER })).json['error']).toContain('"admin"');
  });

  it('learn that a path is unknown: everybody', async () => {
    expect(await statusOf('GET', '/v2/nothing', NOBODY)).toBe(404);
    expect(await statusOf('PUT', '/v2/models', NOBODY)).toBe(405);
  });
});

describe('loading', () => {
  const post = (path: string, body?: unknown) => {
    const runner = new IdentityRunner();
    const { call } = serve(versions, { runner });
    return call('POST', `/v2/repository/models/${path}`, { as: ADMIN, body }).then((reply) => ({
      ...reply,
      runner,
    }));
  };

  it('makes the champion ready, with or without a body', async () => {
    for (const body of [undefined, {}, { parameters: {} }]) {
      const { status, runner } = await post('credit/load', body);
      expect(status).toBe(200);
      expect(runner.loaded).toEqual(['credit/2']);
    }
  });

  it('refuses a model or a configuration that comes with the request', async () => {
    const { status, runner } = await post('credit/load', { parameters: { 'file:1/model.onnx': 'AAAA' } });
    expect(status).toBe(501);
    expect(runner.loaded).toEqual([]);
  });

  it('cannot be undone, since one process cannot speak for the others', async () => {
    const { status, json } = await post('credit/unload');
    expect(status).toBe(501);
    expect(json['error']).toMatch(/aliases/);
  });
});

describe('a failure of the service', () => {
  const failing = (error: unknown) => {
    const fail = () => Promise.reject(error);
    return serve(versions, { registry: { ...registryOf(versions), modelNames: fail, ping: fail } });
  };

  it.each([
    new TypeError('secret detail of /var/task/index.js'),
    new StrataError('SECRET_KEY_MISSING', 'secret detail'),
    'secret text',
    undefined,
  ])('tells the operator everything and the caller nothing: %s', async (error) => {
    const { call, internalErrors } = failing(error);
    const reply = await call('GET', '/v2/models');
    expect(reply.status).toBe(500);
    expect(reply.text).not.toMatch(/secret|Error|\.js/);
    expect(reply.json['request_id']).toBe('request-1');
    expect(internalErrors).toEqual([error]);
  });

  it('that may pass is told to both, and the server is not ready', async () => {
    const error = new UnavailableError('REGISTRY_UNAVAILABLE', 'The registry does not answer.');
    const { call, internalErrors } = failing(error);
    const reply = await call('GET', '/v2/health/ready');
    expect(reply).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(reply.json).toMatchObject({
      error_code: 'REGISTRY_UNAVAILABLE',
      error: 'The registry does not answer.',
    });
    expect(internalErrors).toEqual([error]);
  });

  it('is that the access rules cannot be read: nobody whom they narrow gets in', async () => {
    const access = new AccessControl({ current: () => Promise.reject(new Error('no such table')) });
    const { call } = serve(versions, { access });
    const reply = await call('GET', '/v2/health/ready', { as: ADMIN });
    expect(reply.status).toBe(503);
    expect(reply.json).toMatchObject({ error_code: 'ACCESS_RULES_UNAVAILABLE' });
  });

  it('is not looked for in the names of all models, of which there may be many', async () => {
    const registry = {
      ...registryOf(versions),
      modelNames: () => Promise.reject(new Error('read them all')),
    };
    expect((await serve(versions, { registry }).call('GET', '/v2/health/ready')).status).toBe(200);
  });

  it('is answered even when nobody can be told', async () => {
    const onInternalError = () => {
      throw new Error('the log is full');
    };
    const registry = { ...registryOf(versions), modelNames: () => Promise.reject(new Error('down')) };
    const { call } = serve(versions, { registry, onInternalError });
    expect((await call('GET', '/v2/models')).status).toBe(500);
  });

  it('is a result that the runner owes', async () => {
    const runner = Object.assign(new IdentityRunner(), { run: async () => new Map() });
    const { call, internalErrors } = serve([modelVersion('m', [spec('x', 'INT32', 1)])], { runner });
    const body = { inputs: [{ name: 'x', shape: [1], datatype: 'INT32', data: [1] }] };
    expect((await call('POST', '/v2/models/m/infer', { body })).status).toBe(500);
    expect(internalErrors).toHaveLength(1);
  });
});
