import assert from 'node:assert/strict';
import { type Check, type Message, must, type Suite, should } from '../check.ts';
import { inferPath, jsonMessage, readInference } from '../inference.ts';
import { assertRefused } from '../refusal.ts';

const ROW = jsonMessage({ inputs: [{ name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] }] });

/** Which version answers: [version in the path, version in the answer]. */
const VERSIONS: readonly [string | undefined, string][] = [
  [undefined, '1'],
  ['1', '1'],
  ['2', '2'],
  ['champion', '1'],
  ['candidate', '2'],
];

/** Methods that a known path does not have. */
const WRONG_METHODS: readonly [string, string][] = [
  ['POST', '/v2'],
  ['POST', '/v2/health/live'],
  ['DELETE', '/v2/health/ready'],
  ['POST', '/v2/models/fixed'],
  ['DELETE', '/v2/models/fixed'],
  ['PUT', '/v2/models/fixed/versions/1'],
  ['POST', '/v2/models/fixed/ready'],
  ['GET', '/v2/models/fixed/infer'],
  ['PUT', '/v2/models/fixed/infer'],
  ['PATCH', '/v2/models/fixed/versions/1/infer'],
  ['GET', '/v2/repository/index'],
];

const UNKNOWN_PATHS: readonly [string, string][] = [
  ['GET', '/v2/nothing'],
  ['GET', '/v2/health'],
  ['GET', '/v2/models//ready'],
  ['GET', '/v2/models/fixed/nothing'],
  ['GET', '/v2/models/fixed/versions'],
  ['GET', '/v2/models/fixed/versions/1/nothing'],
  ['POST', '/v2/models/fixed/versions/1/infer/more'],
  ['GET', '/v2/models/fixed/versions/a%20b'],
];

const UNSUPPORTED: readonly [string, string][] = [
  ['GET', '/v2/trace/setting'],
  ['GET', '/v2/logging'],
  ['GET', '/v2/systemsharedmemory/status'],
  ['GET', '/v2/cudasharedmemory/status'],
  ['POST', '/v2/models/fixed/generate'],
  ['POST', '/v2/models/fixed/generate_stream'],
];

/** What can be asked of a model: [method, rest of the path]. */
const MODEL_ROUTES: readonly [string, string, Message?][] = [
  ['GET', ''],
  ['GET', '/ready'],
  ['GET', '/config'],
  ['POST', '/infer', ROW],
];

const refusals = (model: string, title: string, code: string, names: string, version = ''): Check[] =>
  MODEL_ROUTES.map(([method, rest, message]) => {
    const path = `/v2/models/${model}${version}${rest}`;
    return must(`${method} ${path}: ${title}`, async (call) => {
      assertRefused(await call(method, path, message), 404, { code, names });
    });
  });

export const routes: Suite = {
  title: 'routes, methods and versions',
  checks: [
    ...VERSIONS.map(([asked, answered]) =>
      must(
        `infer of ${asked === undefined ? 'no version' : `version ${asked}`} is answered by version ${answered}`,
        async (call) => {
          const answer = readInference(await call('POST', inferPath('two_versions', asked), ROW));
          assert.equal(answer.model_name, 'two_versions');
          assert.equal(answer.model_version, answered);
        },
      ),
    ),
    ...WRONG_METHODS.map(([method, path]) =>
      must(`${method} ${path} is 405 Method Not Allowed`, async (call) => {
        assertRefused(await call(method, path), 405, { message: 'Method Not Allowed' });
      }),
    ),
    ...UNKNOWN_PATHS.map(([method, path]) =>
      must(`${method} ${path} is 404 Not Found`, async (call) => {
        assertRefused(await call(method, path), 404, { message: 'Not Found' });
      }),
    ),
    ...UNSUPPORTED.map(([method, path]) =>
      should(`${method} ${path} is 501`, async (call) => assertRefused(await call(method, path), 501)),
    ),
    ...refusals('nobody', 'unknown model', 'MODEL_NOT_FOUND', 'nobody'),
    ...refusals('fixed', 'unknown version', 'VERSION_NOT_FOUND', '99', '/versions/99'),
    ...refusals('fixed', 'unknown alias', 'VERSION_NOT_FOUND', 'nowhere', '/versions/nowhere'),
    ...refusals('no_champion', 'no version is the champion', 'NO_CHAMPION', 'no_champion'),
    should('a query string changes nothing', async (call) => {
      const reply = await call('POST', `${inferPath('two_versions', '2')}?trace=1`, ROW);
      assert.equal(readInference(reply).model_version, '2');
    }),
    must('a model without a champion answers under its version', async (call) => {
      assert.equal(readInference(await call('POST', inferPath('no_champion', '1'), ROW)).model_version, '1');
    }),
    should('the refusal for want of a champion tells how to set one', async (call) => {
      assertRefused(await call('POST', inferPath('no_champion'), ROW), 404, { names: 'strata alias' });
    }),
  ],
};
