import assert from 'node:assert/strict';
import { must, nice, type Suite, should } from '../check.ts';
import { readJson, textOf } from '../inference.ts';
import { REFERENCES } from '../references.ts';
import { assertRefused } from '../refusal.ts';

interface IndexEntry {
  readonly name: string;
  readonly version?: string;
  readonly state: string;
  readonly reason: string;
}

/** Bodies that clients send with the index request: [title, body]. */
const INDEX_BODIES: readonly [string, string | undefined][] = [
  ['no body, as tritonclient sends it', undefined],
  ['an empty object', '{}'],
  ['only what is ready', '{"ready":true}'],
  ['everything', '{"ready":false}'],
];

export const repository: Suite = {
  title: 'repository',
  reference: REFERENCES.repository,
  checks: [
    ...INDEX_BODIES.map(([title, body]) =>
      should(`POST /v2/repository/index, ${title}: a list that names the models`, async (server) => {
        const index = readJson(await server.call('POST', '/v2/repository/index', { body })) as IndexEntry[];
        assert.ok(Array.isArray(index), 'the answer is a list');
        const found = index.filter(({ name }) => name === server.name('add_sub'));
        assert.ok(found.length > 0, `${server.name('add_sub')} is in the list`);
        for (const { state, reason } of found) {
          assert.equal(state, 'READY');
          assert.equal(typeof reason, 'string');
        }
      }),
    ),
    should('the index lists each version of a model, as a text', async (server) => {
      const index = readJson(await server.call('POST', '/v2/repository/index')) as IndexEntry[];
      const versions = index
        .filter(({ name }) => name === server.name('two_versions'))
        .map(({ version }) => version);
      assert.deepEqual(new Set(versions), new Set(['1', '2']));
    }),
    nice('a body of the index request that is no object is refused', async ({ call }) => {
      assertRefused(await call('POST', '/v2/repository/index', { body: '[]' }), 400);
    }),
    // Whether this caller may load is the server's business: an answer is either done or an error that can be read.
    ...['load', 'unload'].map((verb) =>
      should(`POST ${verb} of a model that is not there is refused as an error`, async ({ call }) => {
        const reply = await call('POST', `/v2/repository/models/no_such_model/${verb}`);
        assertRefused(reply, 400, 401, 403, 404, 501);
      }),
    ),
    should('POST load of a model that is there is done, or refused as an error', async (server) => {
      const reply = await server.call('POST', `/v2/repository/models/${server.name('add_sub')}/load`);
      if (reply.status !== 200) assertRefused(reply, 400, 401, 403, 501, 503);
    }),
    should(
      'GET /v2/models lists the names of the models',
      async (server) => {
        const { models } = readJson(await server.call('GET', '/v2/models')) as { models: string[] };
        for (const model of ['add_sub', 'fixed']) {
          assert.ok(models.includes(server.name(model)), server.name(model));
        }
      },
      REFERENCES.kserveClient,
    ),
    ...[undefined, '1'].map((version) =>
      should(
        `GET config${version ? ' of a version' : ''} answers an object that names the model`,
        async (server) => {
          const config = readJson(await server.get('add_sub', '/config', version)) as { name: string };
          assert.equal(config.name, server.name('add_sub'));
        },
        REFERENCES.configuration,
      ),
    ),
    must('a configuration that is not given is refused as an error', async (server) => {
      const reply = await server.get('add_sub', '/config');
      if (reply.status !== 200) assertRefused(reply, 400, 404, 405, 501);
      else assert.doesNotThrow(() => JSON.parse(textOf(reply)));
    }),
  ],
};
