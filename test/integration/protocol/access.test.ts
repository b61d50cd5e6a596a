import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Reply } from '../../../conformance/check.ts';
import { httpCall } from '../../../conformance/http-call.ts';
import { jsonMessage, onlyOutput } from '../../../conformance/inference.ts';
import type { Scope } from '../../../lib/contracts/access.ts';
import { token } from '../../support/deployment.ts';
import { TestIssuer } from '../../support/token-issuer.ts';
import { inferPath } from './infer-path.ts';
import { registerModels } from './models.ts';
import { assertRefused } from './refusal.ts';

const MODEL = 'access_fixed';
const deployment = inject('deployment');
const request = jsonMessage({ inputs: [{ name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] }] });

const infer = (authorization?: string, model = MODEL): Promise<Reply> =>
  httpCall(deployment.endpoint, authorization === undefined ? {} : { authorization })(
    'POST',
    inferPath(model),
    request,
  );

const bearing = async (scopes: readonly Scope[]) =>
  httpCall(deployment.endpoint, { authorization: `Bearer ${await token(scopes)}` });

/** A token with one of its three parts changed. */
function changed(valid: string, part: 0 | 1 | 2, change: (text: string) => string): string {
  const parts = valid.split('.');
  const encoding = part === 2 ? 'latin1' : 'utf8';
  const text = Buffer.from(parts[part] ?? '', 'base64url').toString(encoding);
  parts[part] = Buffer.from(change(text), encoding).toString('base64url');
  return parts.join('.');
}

beforeAll(async () => {
  const path = fileURLToPath(new URL('../../support/models/fixed.onnx', import.meta.url));
  await registerModels(deployment, [{ model: MODEL, path, alias: 'champion' }]);
}, 60_000);

describe('where nothing is, everybody is answered 404', () => {
  const PATHS = ['/', '/v3', '/strata', '/strata/v1/other', '/nothing/v2/models', '/v2x'];
  const BODIES: readonly [string, RequestInit][] = [
    ['without a body', {}],
    ['with JSON', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' }],
    ['with bytes', { method: 'PUT', body: new Uint8Array([0, 255, 254]) }],
    [
      'with bytes of a type',
      {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: new Uint8Array([255]),
      },
    ],
    ['who accepts bytes only', { headers: { accept: 'application/octet-stream' } }],
  ];
  const CALLERS: readonly [string, () => Promise<Record<string, string>>][] = [
    ['without a token', async () => ({})],
    ['with a token', async () => ({ authorization: `Bearer ${await token(['infer'])}` })],
    ['with a signature', async () => ({ authorization: 'AWS4-HMAC-SHA256 Credential=nobody' })],
  ];

  describe.each(CALLERS)('%s', (_caller, credentials) => {
    it.each(BODIES)('%s', async (_body, init) => {
      const headers = { ...(init.headers as Record<string, string>), ...(await credentials()) };
      const answers = await Promise.all(
        PATHS.map(async (path) => {
          const answer = await fetch(`${deployment.endpoint}${path}`, { ...init, headers });
          return { path, status: answer.status, body: await answer.json() };
        }),
      );
      const message = 'Not Found';
      const id = expect.stringMatching(/^[0-9a-f-]{36}$/);
      const body = { error: message, error_code: 'ENDPOINT_NOT_FOUND', message, request_id: id };
      expect(answers).toEqual(PATHS.map((path) => ({ path, status: 404, body })));
    });
  });
});

describe('a caller who proves nothing is refused with 401', () => {
  /** What stands in the header `Authorization`, made from a valid token. */
  const HEADERS: readonly [string, (valid: string) => string | undefined][] = [
    ['nothing', () => undefined],
    ['an empty header', () => ''],
    ['a word', () => 'penguin'],
    ['a token that is no token', () => 'Bearer penguin'],
    ['a token of three parts that is no token', () => 'Bearer a.b.c'],
    ['a password', () => `Basic ${Buffer.from('user:password').toString('base64')}`],
    ['a token without the word Bearer', (valid) => valid],
    [
      'claims that were changed',
      (valid) => `Bearer ${changed(valid, 1, (claims) => claims.replace('strata/infer', 'strata/admin'))}`,
    ],
    [
      'a signature that was changed',
      (valid) =>
        `Bearer ${changed(valid, 2, (bytes) => String.fromCharCode(bytes.charCodeAt(0) ^ 1) + bytes.slice(1))}`,
    ],
    ['a token without its signature', (valid) => `Bearer ${valid.slice(0, valid.lastIndexOf('.') + 1)}`],
    [
      'a token that says it needs no signature',
      (valid) => `Bearer ${changed(valid, 0, (head) => head.replace('RS256', 'none'))}`,
    ],
    ['a token of another issuer', () => `Bearer ${new TestIssuer().token({ scope: 'strata/infer' })}`],
  ];

  it.concurrent.each(HEADERS)('%s', async (_title, header) => {
    const reply = await infer(header(await token(['infer'])));

    assertRefused(reply, 401, { code: 'UNAUTHENTICATED' });
    expect(reply.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('although the very same token is accepted as it was issued', async () => {
    expect(onlyOutput(await infer(`Bearer ${await token(['infer'])}`)).data).toEqual([1, 2, 3, 4]);
  });
});

describe('a valid token opens what its scopes say', () => {
  const ALLOWED: readonly [Scope, string, string][] = [
    ['infer', 'GET', '/v2/health/ready'],
    ['infer', 'GET', `/v2/models/${MODEL}`],
    ['infer', 'POST', inferPath(MODEL)],
    ['registry.read', 'GET', '/v2/models'],
    ['registry.read', 'GET', `/v2/models/${MODEL}`],
    ['registry.read', 'POST', '/v2/repository/index'],
    ['admin', 'POST', inferPath(MODEL)],
    ['admin', 'POST', `/v2/repository/models/${MODEL}/load`],
  ];

  it.concurrent.each(ALLOWED)('%s: %s %s', async (scope, method, path) => {
    const call = await bearing([scope]);

    expect((await call(method, path, path.endsWith('/infer') ? request : {})).status).toBe(200);
  });

  /** The scope held, the request, and the scope that the refusal names when the function behind the gateway decides. */
  const FORBIDDEN: readonly [Scope, string, string, string?][] = [
    ['feedback.write', 'POST', inferPath(MODEL)],
    ['feedback.write', 'GET', '/v2/health/live'],
    ['audit.read', 'GET', '/v2/models'],
    ['registry.read', 'POST', inferPath(MODEL), 'infer'],
    ['infer', 'POST', `/v2/repository/models/${MODEL}/load`, 'admin'],
  ];

  it.concurrent.each(FORBIDDEN)('%s does not open %s %s: 403', async (scope, method, path, needed) => {
    const call = await bearing([scope]);

    const reply = await call(method, path, path.endsWith('/infer') ? request : {});

    assertRefused(reply, 403, { code: 'PERMISSION_DENIED', names: needed });
    expect(reply.headers.get('www-authenticate')).toBeNull();
  });

  it('does not tell a caller without the scope which models there are', async () => {
    const call = await bearing(['registry.read']);
    const texts = await Promise.all(
      ['nobody', MODEL].map(async (model) => {
        const reply = await call('POST', inferPath(model), request);
        assertRefused(reply, 403, { code: 'PERMISSION_DENIED' });
        return (JSON.parse(Buffer.from(reply.bytes).toString()) as { error: string }).error;
      }),
    );

    expect(texts[0]).toBe(texts[1]);
  });
});
