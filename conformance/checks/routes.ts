import assert from 'node:assert/strict';
import { type Check, type Message, must, nice, type Suite, should } from '../check.ts';
import { jsonMessage, onlyOutput, readInference } from '../inference.ts';
import { REFERENCES } from '../references.ts';
import { assertRefused, mentions } from '../refusal.ts';
import type { ServerUnderTest } from '../server-under-test.ts';

const ROW = jsonMessage({ inputs: [{ name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] }] });

/** What two_versions makes of it, by version. */
const ANSWERS: Readonly<Record<string, readonly number[]>> = { 1: [1, 2, 3, 4], 2: [2, 4, 6, 8] };

/** Methods that a known path does not have: [method, what it is sent to, path]. */
const WRONG_METHODS: readonly [string, string, (server: ServerUnderTest) => string][] = [
  ['POST', 'the metadata of the server', () => '/v2'],
  ['POST', 'the liveness of the server', () => '/v2/health/live'],
  ['DELETE', 'the readiness of the server', () => '/v2/health/ready'],
  ['POST', 'the metadata of a model', (server) => server.path('fixed')],
  ['DELETE', 'the metadata of a model', (server) => server.path('fixed')],
  ['PUT', 'the metadata of a version', (server) => server.path('fixed', '', '1')],
  ['POST', 'the readiness of a model', (server) => server.path('fixed', '/ready')],
  ['GET', 'infer', (server) => server.path('fixed', '/infer')],
  ['PUT', 'infer', (server) => server.path('fixed', '/infer')],
  ['PATCH', 'infer of a version', (server) => server.path('fixed', '/infer', '1')],
];

const UNKNOWN_PATHS: readonly [string, (server: ServerUnderTest) => string, string][] = [
  ['GET', () => '/v2/nothing', '/v2/nothing'],
  ['GET', () => '/v2/health', '/v2/health'],
  ['GET', () => '/v2/models//ready', 'a model without a name'],
  ['GET', (server) => server.path('fixed', '/nothing'), 'an unknown word behind a model'],
  ['GET', (server) => server.path('fixed', '/nothing', '1'), 'an unknown word behind a version'],
  ['GET', (server) => server.path('fixed', '/versions'), 'the word versions alone'],
  ['POST', (server) => server.path('fixed', '/infer/more', '1'), 'more behind infer'],
];

/** What servers may leave out, and what a client learns then. */
const OPTIONAL: readonly [string, string, ((server: ServerUnderTest) => string)?][] = [
  ['GET', '/v2/trace/setting'],
  ['GET', '/v2/logging'],
  ['GET', '/v2/systemsharedmemory/status'],
  ['GET', '/v2/cudasharedmemory/status'],
  ['POST', 'generate', (server) => server.path('fixed', '/generate')],
  ['POST', 'generate_stream', (server) => server.path('fixed', '/generate_stream')],
];

/** What can be asked of a model: [method, rest of the path]. */
const MODEL_ROUTES: readonly [string, string, Message?][] = [
  ['GET', ''],
  ['GET', '/ready'],
  ['GET', '/config'],
  ['GET', '/stats'],
  ['POST', '/infer', ROW],
];

const ofVersions: Check[] = ['1', '2'].flatMap((version) => [
  must(`infer of version ${version} is answered by that version`, async (server) => {
    const reply = await server.post('two_versions', ROW, version);
    assert.deepEqual(onlyOutput(reply).data, ANSWERS[version]);
  }),
  must(`the answer of version ${version} says so`, async (server) => {
    const answer = readInference(await server.post('two_versions', ROW, version));
    assert.equal(answer.model_name, server.name('two_versions'));
    assert.equal(answer.model_version, version);
  }),
]);

/** Routes of extensions may be refused as such before anybody looks for the model. */
const statusesFor = (rest: string) => (rest === '/config' || rest === '/stats' ? [400, 404, 501] : [404]);

export const routes: Suite = {
  title: 'routes, methods and versions',
  reference: REFERENCES.httpRest,
  checks: [
    ...ofVersions,
    must('infer of no version is answered by one of them, which the answer names', async (server) => {
      const reply = await server.post('two_versions', ROW);
      const { model_version: version = '' } = readInference(reply);
      assert.ok(version in ANSWERS, `version ${version}`);
      assert.deepEqual(onlyOutput(reply).data, ANSWERS[version]);
    }),
    ...WRONG_METHODS.map(([method, title, path]) =>
      must(
        `${method} ${title}: 405`,
        async (server) => {
          assertRefused(await server.call(method, path(server)), 405);
        },
        REFERENCES.methods,
      ),
    ),
    ...UNKNOWN_PATHS.map(([method, path, title]) =>
      must(`${method} ${title}: 404`, async (server) => {
        assertRefused(await server.call(method, path(server)), 404);
      }),
    ),
    must('a version that no version can be called: 400 or 404', async (server) => {
      assertRefused(await server.get('fixed', '', 'a%20b'), 400, 404);
    }),
    ...OPTIONAL.map(([method, title, path]) =>
      should(
        `${method} ${title} is answered, or refused as an error`,
        async (server) => {
          const reply = await server.call(method, path?.(server) ?? title);
          if (reply.status !== 200) assertRefused(reply, 400, 404, 405, 501);
        },
        REFERENCES.tritonClient,
      ),
    ),
    ...MODEL_ROUTES.flatMap(([method, rest, message]) => [
      must(`${method} ${rest || 'metadata'} of an unknown model: refused as an error`, async ({ call }) => {
        assertRefused(await call(method, `/v2/models/no_such_model${rest}`, message), ...statusesFor(rest));
      }),
      must(`${method} ${rest || 'metadata'} of an unknown version: refused as an error`, async (server) => {
        assertRefused(
          await server.call(method, server.path('fixed', rest, '99'), message),
          ...statusesFor(rest),
        );
      }),
    ]),
    nice('the refusal of an unknown model names it', async ({ call }) => {
      const error = assertRefused(await call('GET', '/v2/models/no_such_model'), 404);
      assert.ok(mentions(error, 'no_such_model'), error);
    }),
    nice('the refusal of an unknown version names it', async (server) => {
      const error = assertRefused(await server.get('fixed', '', '99'), 404);
      assert.ok(mentions(error, '99'), error);
    }),
    should('a query string changes nothing', async (server) => {
      const path = `${server.path('two_versions', '/infer', '2')}?trace=1`;
      assert.deepEqual(onlyOutput(await server.call('POST', path, ROW)).data, ANSWERS[2]);
    }),
  ],
};
