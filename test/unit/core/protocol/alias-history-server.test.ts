import { describe, expect, it } from 'vitest';
import { AccessControl } from '../../../../core/access/access-control.ts';
import type { AccessRule } from '../../../../core/access/access-document.ts';
import { AccessRules } from '../../../../core/access/access-rules.ts';
import type { Principal } from '../../../../core/access/principal.ts';
import type { ModelDescription } from '../../../../core/onnx/model-description.ts';
import {
  AliasHistoryServer,
  type AliasHistoryServerOptions,
} from '../../../../core/protocol/alias-history-server.ts';
import { type AliasLogEntry, inOrder } from '../../../../core/registry/alias-history.ts';
import { modelNotFound } from '../../../../core/registry/registry-errors.ts';

const NOW = '2026-11-25T03:00:00.000Z';
const READER: Principal = { id: 'reader', scopes: ['registry.read'] };

const entry = (
  alias: string,
  time: string,
  from?: string,
  to?: string,
  more: object = {},
): AliasLogEntry => ({
  id: `${alias}-${time}`,
  alias,
  time,
  ...(from && { from }),
  ...(to && { to }),
  ...more,
});

const LOG = [
  entry('champion', '2026-03-01T10:00:00.000Z', undefined, '1', { actor: 'ada' }),
  entry('challenger', '2026-03-02T10:00:00.000Z', undefined, '2'),
  entry('champion', '2026-03-03T10:00:00.000Z', '1', '2', {
    actor: 'bob',
    reason: 'better',
    evidence: { f1: 0.9 },
  }),
  entry('challenger', '2026-03-04T10:00:00.000Z', '2', undefined),
];

const MANIFEST = { text: '{"measured":{"p50Ms":0.2}}', signature: 'c2lnbmVk', publicKey: 'a2V5' };
const VERSION = {
  model: 'credit risk',
  status: 'READY' as const,
  createdAt: NOW,
  artifact: { digest: 'd'.repeat(64), size: 1 },
  description: {} as ModelDescription,
};

function serve(options: Partial<AliasHistoryServerOptions> = {}, principal = READER) {
  const server = new AliasHistoryServer({
    registry: {
      aliasLog: async (model, alias) => {
        if (model !== 'credit risk') throw modelNotFound(model);
        const entries = inOrder(LOG.filter((each) => alias === undefined || each.alias === alias));
        return { model, modelId: 'id', createdAt: '2026-03-01T09:00:00.000Z', entries };
      },
      resolve: async (model, version = 'champion') => {
        if (model !== 'credit risk') throw modelNotFound(model);
        return { ...VERSION, version: '1', ...(version !== '2' && { manifest: MANIFEST }) };
      },
    },
    now: () => new Date(NOW),
    ...options,
  });
  return async (path: string, query: Record<string, string[]> = {}, method = 'GET') => {
    const { status, headers, body } = await server.handle(
      { method, path, query, headers: {}, body: new Uint8Array(0), requestId: 'request-1' },
      principal,
    );
    return { status, headers, json: JSON.parse(Buffer.from(body).toString()) };
  };
}

const ALIASES = '/strata/v1/models/credit%20risk/aliases';
const CHAMPION = `${ALIASES}/champion`;
const manifestOf = (version: string) => `/strata/v1/models/credit%20risk/versions/${version}/manifest`;

describe('where an alias points', () => {
  it('is answered as of now', async () => {
    expect((await serve()(CHAMPION)).json).toEqual({
      model: 'credit risk',
      alias: 'champion',
      asOf: NOW,
      version: '2',
      since: '2026-03-03T10:00:00.000Z',
      actor: 'bob',
      reason: 'better',
      evidence: { f1: 0.9 },
    });
  });

  it.each([
    ['2026-03-01T10:00:00Z', '1'],
    ['2026-03-03T11:59:59.999+02:00', '1'],
    ['2026-03-03T12:00:00+02:00', '2'],
  ])('is answered as of %s', async (asOf, version) => {
    const { status, json } = await serve()(CHAMPION, { asOf: [asOf] });
    expect([status, json.version]).toEqual([200, version]);
  });

  it.each([
    [
      'an alias that is not there any more',
      `${ALIASES}/challenger`,
      '2026-03-05T00:00:00Z',
      'ALIAS_NOT_FOUND',
    ],
    ['an alias that was not there yet', `${ALIASES}/challenger`, '2026-03-01T12:00:00Z', 'ALIAS_NOT_FOUND'],
    ['a time before the model was made', CHAMPION, '2026-02-01T00:00:00Z', 'MODEL_NOT_FOUND'],
    ['no such model', '/strata/v1/models/nobody/aliases/champion', '2026-03-05T00:00:00Z', 'MODEL_NOT_FOUND'],
  ])('is 404 for %s', async (_what, path, asOf, code) => {
    const { status, json } = await serve()(path, { asOf: [asOf] });
    expect([status, json.error_code, json.request_id]).toEqual([404, code, 'request-1']);
  });

  it.each([
    [{ asOf: ['yesterday'] }, 'INVALID_TIME'],
    [{ asOf: ['2026-03-03T12:00:00 02:00'] }, 'INVALID_TIME'],
    [{ asOf: ['2030-01-01T00:00:00Z'] }, 'INVALID_TIME'],
    [{ asOf: ['2026-03-03T12:00:00Z', '2026-03-04T12:00:00Z'] }, 'INVALID_TIME'],
    [{ asof: ['2026-03-03T12:00:00Z'] }, 'INVALID_PARAMETER'],
  ])('is 400 for %j', async (query, code) => {
    const { status, json } = await serve()(CHAMPION, query as never);
    expect([status, json.error_code]).toEqual([400, code]);
  });
});

describe('the aliases of a model', () => {
  it('are answered as of any time', async () => {
    const { json } = await serve()(ALIASES, { asOf: ['2026-03-02T12:00:00Z'] });
    expect(json).toEqual({
      model: 'credit risk',
      asOf: '2026-03-02T12:00:00.000Z',
      aliases: {
        champion: { version: '1', since: '2026-03-01T10:00:00.000Z', actor: 'ada' },
        challenger: { version: '2', since: '2026-03-02T10:00:00.000Z' },
      },
    });
  });
});

describe('the history of an alias', () => {
  it('is every change of it, the oldest first', async () => {
    const { json } = await serve()(`${ALIASES}/challenger/history`);
    expect(json).toEqual({ model: 'credit risk', alias: 'challenger', changes: [LOG[1], LOG[3]] });
  });

  it('is 404 when there never was such an alias', async () => {
    const { status, json } = await serve()(`${ALIASES}/shadow/history`);
    expect([status, json.error_code]).toEqual([404, 'ALIAS_NOT_FOUND']);
  });
});

describe('the manifest of a version', () => {
  it.each(['1', 'champion'])('is answered as it was signed, for %s', async (version) => {
    const { status, json } = await serve()(manifestOf(version));
    expect([status, json]).toEqual([200, MANIFEST]);
  });

  it.each([
    ['a version that has none', manifestOf('2'), 404, 'MANIFEST_NOT_FOUND'],
    ['no such model', '/strata/v1/models/nobody/versions/1/manifest', 404, 'MODEL_NOT_FOUND'],
  ])('is refused for %s', async (_what, path, expected, code) => {
    const { status, json } = await serve()(path);
    expect([status, json.error_code]).toEqual([expected, code]);
  });

  it('has no parameters', async () => {
    const { status, json } = await serve()(manifestOf('1'), { form: ['text'] });
    expect([status, json.error_code]).toEqual([400, 'INVALID_PARAMETER']);
  });
});

describe('who may look', () => {
  it.each([ALIASES, CHAMPION, `${CHAMPION}/history`, manifestOf('1')])(
    'needs the scope registry.read for %s',
    async (path) => {
      const refusals: unknown[] = [];
      const caller: Principal = { id: 'caller', scopes: ['infer', 'registry.write'] };
      const { status, json } = await serve({ onRefusal: (refusal) => refusals.push(refusal) }, caller)(path);
      expect([status, json.error_code, refusals.length]).toEqual([403, 'PERMISSION_DENIED', 1]);
      expect(json.message).toContain('registry.read');
    },
  );

  it('is narrowed by access rules, by model and by alias', async () => {
    const rule: AccessRule = {
      principals: ['reader'],
      actions: ['registry.read'],
      models: ['credit*'],
      aliases: ['champion'],
    };
    const rules = new AccessRules({ version: 1, rules: [rule] });
    const call = serve({
      access: new AccessControl({ current: async () => ({ revision: 1, time: '', rules }) }),
    });
    const statuses = await Promise.all(
      [CHAMPION, `${ALIASES}/challenger`, '/strata/v1/models/nobody/aliases/champion'].map(
        async (path) => (await call(path)).status,
      ),
    );
    expect(statuses).toEqual([200, 403, 403]);
    const { json } = await call(ALIASES, { asOf: ['2026-03-02T12:00:00Z'] });
    expect(Object.keys(json.aliases)).toEqual(['champion']);
  });
});

describe('other requests', () => {
  it.each([
    ['GET', '/strata/v1/models', 404],
    ['GET', `${CHAMPION}/`, 404],
    ['GET', '/strata/v1/models//aliases/champion', 404],
    ['POST', CHAMPION, 405],
    ['DELETE', CHAMPION, 405],
    ['GET', '/strata/v1/models/%zz/aliases/champion', 400],
  ])('%s %s is %i', async (method, path, status) => {
    const answer = await serve()(path, {}, method);
    expect([answer.status, answer.headers['allow']]).toEqual([status, status === 405 ? 'GET' : undefined]);
  });

  it('that fail for a reason of ours are 500 and tell nothing', async () => {
    const errors: unknown[] = [];
    const failing = () => Promise.reject(new TypeError('secret'));
    const registry = { aliasLog: failing, resolve: failing };
    const { status, json } = await serve({ registry, onInternalError: (error) => errors.push(error) })(
      CHAMPION,
    );
    expect([status, errors.length]).toEqual([500, 1]);
    expect(JSON.stringify(json)).not.toContain('secret');
  });
});
