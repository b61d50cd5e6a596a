import assert from 'node:assert/strict';
import { type Check, nice, type Reply, type Suite, should } from '../check.ts';
import { jsonMessage, textOf } from '../inference.ts';
import { REFERENCES } from '../references.ts';
import { assertRefused } from '../refusal.ts';
import type { ServerUnderTest } from '../server-under-test.ts';

/** Mistakes of several kinds: [title, request]. */
const MISTAKES: readonly [string, (server: ServerUnderTest) => Promise<Reply>][] = [
  ['an unknown path', ({ call }) => call('GET', '/v2/nothing')],
  ['an unknown model', ({ call }) => call('GET', '/v2/models/no_such_model')],
  ['a wrong method', ({ call }) => call('POST', '/v2/health/live')],
  ['a body that is no JSON', (server) => server.post('fixed', jsonMessage('penguins'))],
  ['a request without inputs', (server) => server.infer('fixed', {})],
  [
    'an unknown input',
    (server) => server.infer('fixed', { inputs: [{ name: 'z', datatype: 'FP32', shape: [1], data: [1] }] }),
  ],
];

const eachMistake = (
  kind: (title: string, run: Check['run']) => Check,
  statement: string,
  assertion: (reply: Reply) => void,
): Check[] =>
  MISTAKES.map(([title, provoke]) =>
    kind(`${title}: ${statement}`, async (server) => {
      const reply = await provoke(server);
      assertRefused(reply, 400, 404, 405);
      assertion(reply);
    }),
  );

/** What betrays the inside of a server: a stack frame, a file of its own, a type of its language. */
const INSIDE =
  /\n\s+at |Traceback|node_modules|site-packages|\/var\/task|file:\/\/|TypeError|RangeError|\[object Object\]/;

const read = (reply: Reply) => JSON.parse(textOf(reply)) as Record<string, unknown>;

export const errors: Suite = {
  title: 'errors',
  reference: REFERENCES.inferenceError,
  checks: [
    ...eachMistake(should, 'the content type is exactly application/json', ({ headers }) => {
      // KServe's client compares the whole value: a charset would hide the message from it.
      assert.equal(headers.get('content-type'), 'application/json');
    }),
    ...eachMistake(should, 'nothing of the inside of the server is told', (reply) => {
      assert.doesNotMatch(textOf(reply), INSIDE);
    }),
    ...eachMistake(nice, 'a code that programs can compare', (reply) => {
      assert.match(String(read(reply)['error_code']), /^[A-Z][A-Z0-9_]*$/);
    }),
    ...eachMistake(
      nice,
      'the message again as "message", which readers of MLflow and AWS look for',
      (reply) => {
        const { error, message } = read(reply);
        assert.equal(message, error);
      },
    ),
    ...eachMistake(nice, 'an id by which operators find the request', (reply) => {
      assert.match(String(read(reply)['request_id']), /^\S{8,}$/);
    }),
    nice(
      'a wrong method: the header Allow tells the right ones',
      async ({ call }) => {
        const reply = await call('POST', '/v2/health/live');
        assert.match(reply.headers.get('allow') ?? 'none', /\bGET\b/);
      },
      REFERENCES.methods,
    ),
  ],
};
