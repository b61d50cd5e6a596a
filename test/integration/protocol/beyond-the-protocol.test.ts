import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Call, Message } from '../../../conformance/check.ts';
import { httpCall } from '../../../conformance/http-call.ts';
import { jsonMessage, readInference, readJson } from '../../../conformance/inference.ts';
import { modelPath } from '../../../conformance/models.ts';
import { token } from '../../support/deployment.ts';
import { inferPath } from './infer-path.ts';
import { registerModels } from './models.ts';
import { assertRefused } from './refusal.ts';

const deployment = inject('deployment');
const ROW = jsonMessage({ inputs: [{ name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] }] });

/** What can be asked of a model: [method, rest of the path]. */
const MODEL_ROUTES: readonly [string, string, Message?][] = [
  ['GET', ''],
  ['GET', '/ready'],
  ['GET', '/config'],
  ['GET', '/stats'],
  ['POST', '/infer', ROW],
];

let call: Call;

beforeAll(async () => {
  const path = modelPath('fixed');
  await registerModels(deployment, [
    { model: 'beyond', path: modelPath('identity_fp32'), alias: 'champion' },
    { model: 'beyond', path, alias: 'candidate' },
    { model: 'beyond_champions', path },
  ]);
  call = httpCall(deployment.endpoint, { authorization: `Bearer ${await token(['infer'])}` });
}, 60_000);

describe('a version goes by its number and by its aliases', () => {
  /** Which version answers: [version in the path, version in the answer]. */
  const VERSIONS: readonly [string | undefined, string][] = [
    [undefined, '1'],
    ['1', '1'],
    ['2', '2'],
    ['champion', '1'],
    ['candidate', '2'],
  ];

  it.each(VERSIONS)('infer of %s is answered by version %s', async (asked, answered) => {
    const answer = readInference(await call('POST', inferPath('beyond', asked), ROW));
    expect(answer).toMatchObject({ model_name: 'beyond', model_version: answered });
  });

  it.each([
    ['1', [-1, -1]],
    ['2', [2, 2]],
    ['champion', [-1, -1]],
    ['candidate', [2, 2]],
  ])('%s is described by its own tensors', async (version, shape) => {
    expect(readJson(await call('GET', `/v2/models/beyond/versions/${version}`))).toMatchObject({
      name: 'beyond',
      inputs: [{ shape }],
      properties: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  it('counts for the version that an alias points to', async () => {
    readInference(await call('POST', inferPath('beyond', 'candidate'), ROW));
    expect(readJson(await call('GET', '/v2/models/beyond/versions/candidate/stats'))).toMatchObject({
      model_stats: [{ name: 'beyond', version: '2' }],
    });
  });
});

describe('what is not there has a code of its own, on every route', () => {
  const REFUSALS: readonly [string, string, string, string][] = [
    ['unknown model', '/v2/models/nobody', 'MODEL_NOT_FOUND', 'nobody'],
    ['unknown version', '/v2/models/beyond/versions/99', 'VERSION_NOT_FOUND', '99'],
    ['unknown alias', '/v2/models/beyond/versions/nowhere', 'VERSION_NOT_FOUND', 'nowhere'],
  ];
  const cases = REFUSALS.flatMap(([title, path, code, names]) =>
    MODEL_ROUTES.map(([method, rest, message]) => ({
      title,
      method,
      path: path + rest,
      message,
      code,
      names,
    })),
  );

  it.each(cases)('$title: $method $path is 404 $code', async ({ method, path, message, code, names }) => {
    const reply = await call(method, path, message);
    expect(() => assertRefused(reply, 404, { code, names })).not.toThrow();
  });

  it('a model without a champion is refused with the command that sets one, and answers by number', async () => {
    assertRefused(await call('POST', inferPath('beyond_champions'), ROW), 404, {
      code: 'NO_CHAMPION',
      names: 'strata alias',
    });
    expect(readInference(await call('POST', inferPath('beyond_champions', '1'), ROW)).model_version).toBe(
      '1',
    );
  });

  it.each([
    ['GET', '/v2/nothing', 404, 'ENDPOINT_NOT_FOUND', 'Not Found'],
    ['GET', '/v3', 404, 'ENDPOINT_NOT_FOUND', 'Not Found'],
    ['PUT', '/v2/models/beyond/infer', 405, 'METHOD_NOT_ALLOWED', 'Method Not Allowed'],
    ['GET', '/v2/trace/setting', 501, 'UNSUPPORTED', undefined],
    ['GET', '/v2/systemsharedmemory/status', 501, 'UNSUPPORTED', undefined],
  ] as const)(
    '%s %s is %i %s, whether the gateway or the function says so',
    async (method, path, status, code, message) => {
      const reply = await call(method, path);
      expect(() => assertRefused(reply, status, { code, message })).not.toThrow();
    },
  );
});

describe('an answer', () => {
  it('carries an id of the prediction, the same in the body and in a header, and never twice', async () => {
    const replies = [
      await call('POST', inferPath('beyond'), ROW),
      await call('POST', inferPath('beyond'), ROW),
    ];
    const ids = replies.map((reply) => readInference(reply).parameters?.['prediction_id']);
    expect(replies.map((reply) => reply.headers.get('x-prediction-id'))).toEqual(ids);
    expect(new Set(ids).size).toBe(2);
  });

  it.each([6, 11])('to a body of %i MB is 413', async (megabytes) => {
    const body = new Uint8Array(megabytes * 1024 * 1024).fill(32);
    const reply = await call('POST', inferPath('beyond'), { body });
    expect(() => assertRefused(reply, 413)).not.toThrow();
  });
});
