import assert from 'node:assert/strict';
import { must, type Suite, should } from '../check.ts';
import { readJson, textOf } from '../inference.ts';
import { REFERENCES } from '../references.ts';
import { assertRefused } from '../refusal.ts';
import type { ServerUnderTest } from '../server-under-test.ts';

async function read(server: ServerUnderTest, path: string): Promise<Record<string, unknown>> {
  return readJson(await server.call('GET', path)) as Record<string, unknown>;
}

/** What can be asked whether it is ready: [title, path]. */
const READY: readonly [string, (server: ServerUnderTest) => string][] = [
  ['a model', (server) => server.path('add_sub', '/ready')],
  ['a version of a model', (server) => server.path('add_sub', '/ready', '1')],
];

export const health: Suite = {
  title: 'health',
  reference: REFERENCES.health,
  checks: [
    ...['/v2/health/live', '/v2/health/ready'].map((path) =>
      must(`GET ${path} is 200`, async ({ call }) => {
        const reply = await call('GET', path);
        assert.equal(reply.status, 200, textOf(reply).slice(0, 300));
      }),
    ),
    ...READY.map(([title, path]) =>
      must(`${title} that is there is ready: 200`, async (server) => {
        const reply = await server.call('GET', path(server));
        assert.equal(reply.status, 200, textOf(reply).slice(0, 300));
      }),
    ),
    must('a model that is not there is not ready: a status that is no success', async ({ call }) => {
      const { status } = await call('GET', '/v2/models/no_such_model/ready');
      assert.ok(status >= 400, `status ${status}`);
    }),
    should('a model that is not there is not ready: 404 as an error', async ({ call }) => {
      assertRefused(await call('GET', '/v2/models/no_such_model/ready'), 404);
    }),
    should(
      'GET /v2/health/live answers {"live": true}',
      async (server) => {
        assert.equal((await read(server, '/v2/health/live'))['live'], true);
      },
      REFERENCES.kserveClient,
    ),
    // The specification writes `live` for this object, KServe's client reads `ready`.
    ...['ready', 'live'].map((key) =>
      should(
        `GET /v2/health/ready answers {"${key}": true}`,
        async (server) => {
          assert.equal((await read(server, '/v2/health/ready'))[key], true);
        },
        key === 'ready' ? REFERENCES.kserveClient : undefined,
      ),
    ),
    ...READY.map(([title, path]) =>
      should(`${title} that is ready is named in the answer`, async (server) => {
        assert.deepEqual(await read(server, path(server)), { name: server.name('add_sub'), ready: true });
      }),
    ),
  ],
};
