import assert from 'node:assert/strict';
import { must, type Suite, should } from '../check.ts';
import { parseJson } from '../inference.ts';

const answers = (path: string, expected: unknown, need = must) =>
  need(`GET ${path} answers ${JSON.stringify(expected)}`, async (call) => {
    const reply = await call('GET', path);
    assert.equal(reply.status, 200);
    assert.equal(reply.headers.get('content-type'), 'application/json');
    assert.deepEqual(parseJson(reply.bytes), expected);
  });

export const health: Suite = {
  title: 'health',
  checks: [
    answers('/v2/health/live', { live: true }),
    // The specification writes `live` for this object, KServe reads `ready`.
    answers('/v2/health/ready', { ready: true, live: true }, should),
    answers('/v2/models/add_sub/ready', { name: 'add_sub', ready: true }),
    answers('/v2/models/add_sub/versions/1/ready', { name: 'add_sub', ready: true }),
    answers('/v2/models/add_sub/versions/champion/ready', { name: 'add_sub', ready: true }, should),
  ],
};
