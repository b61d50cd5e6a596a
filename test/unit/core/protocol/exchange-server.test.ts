import { describe, expect, it } from 'vitest';
import { ExchangeServer } from '../../../../core/protocol/exchange/exchange-server.ts';
import type { Scope } from '../../../../lib/contracts/access.ts';

const signed: string[] = [];
const failures: unknown[] = [];
let ids = 0;

const options = {
  signer: {
    bucket: 'exchange',
    expirySeconds: 60,
    signUpload: async (key: string, bytes: number) => {
      signed.push(`${key} ${bytes}`);
      return `https://exchange.test/${key}?${bytes}`;
    },
  },
  maxUploadBytes: 100,
  now: () => Date.parse('2026-11-25T00:00:00Z'),
  newId: () => `id-${++ids}`,
  onInternalError: (error: unknown) => failures.push(error),
};

async function ask(
  body: unknown,
  {
    scopes = ['infer'] as Scope[],
    method = 'POST',
    path = '/strata/v1/exchange',
    server = new ExchangeServer(options),
  } = {},
) {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const response = await server.handle({ method, path, headers: {}, body: bytes, requestId: 'request-1' }, {
    id: 'caller',
    scopes,
  } as Parameters<ExchangeServer['handle']>[1]);
  return { ...response, json: JSON.parse(Buffer.from(response.body).toString()) as Record<string, unknown> };
}

describe('asking where to upload', () => {
  it('is answered with an address for each, when it ends, and the parameters of the tensor', async () => {
    const { status, json, headers } = await ask({ uploads: [{ bytes: 40 }, { bytes: 60 }] });
    const segment = signed.at(-1)?.split('/')[1] ?? '';
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('no-store');
    expect(json['uploads']).toEqual(
      [40, 60].map((bytes, index) => ({
        method: 'PUT',
        url: `https://exchange.test/in/${segment}/id-${index + 1}?${bytes}`,
        headers: { 'content-length': String(bytes) },
        expires_at: '2026-11-25T00:01:00.000Z',
        parameters: { s3_object: `s3://exchange/in/${segment}/id-${index + 1}`, s3_byte_size: bytes },
      })),
    );
  });

  it.each([
    ['no JSON', '{', 'MALFORMED_JSON', 400],
    ['an array', [], 'INVALID_REQUEST', 400],
    ['null', 'null', 'INVALID_REQUEST', 400],
    ['no uploads', {}, 'INVALID_REQUEST', 400],
    ['an empty list', { uploads: [] }, 'INVALID_REQUEST', 400],
    ['uploads that are an object', { uploads: { bytes: 1 } }, 'INVALID_REQUEST', 400],
    ['17 uploads', { uploads: Array(17).fill({ bytes: 1 }) }, 'INVALID_REQUEST', 400],
    ['a number instead of an entry', { uploads: [1] }, 'INVALID_REQUEST', 400],
    ['a size of 0', { uploads: [{ bytes: 0 }] }, 'INVALID_REQUEST', 400],
    ['a negative size', { uploads: [{ bytes: -1 }] }, 'INVALID_REQUEST', 400],
    ['half a byte', { uploads: [{ bytes: 1.5 }] }, 'INVALID_REQUEST', 400],
    ['a size as text', { uploads: [{ bytes: '1' }] }, 'INVALID_REQUEST', 400],
    ['a size beyond integers', '{"uploads":[{"bytes":1e300}]}', 'INVALID_REQUEST', 400],
    [
      'more than is taken, by their sum',
      { uploads: [{ bytes: 50 }, { bytes: 51 }] },
      'UPLOAD_TOO_LARGE',
      413,
    ],
    ['a body that says too much', ' '.repeat(65_537), 'REQUEST_TOO_LARGE', 413],
  ])('with %s is refused and signs nothing', async (_what, body, code, status) => {
    const before = signed.length;
    expect(await ask(body)).toMatchObject({ status, json: { error_code: code, request_id: 'request-1' } });
    expect(signed).toHaveLength(before);
  });

  const one = { uploads: [{ bytes: 1 }] };

  it('needs the scope of inference', async () => {
    expect((await ask(one, { scopes: ['registry.read'] })).status).toBe(403);
    expect((await ask(one, { scopes: ['admin'] })).status).toBe(200);
  });

  it('has one route', async () => {
    const get = await ask(one, { method: 'GET' });
    expect({ status: get.status, allow: get.headers['allow'] }).toEqual({ status: 405, allow: 'POST' });
    expect((await ask(one, { path: '/strata/v1/exchange/' })).status).toBe(404);
  });

  it('tells a failure of ours to the operator and not to the caller', async () => {
    const signUpload = () => Promise.reject(new Error('no credentials'));
    const server = new ExchangeServer({ ...options, signer: { ...options.signer, signUpload } });
    const { status, json } = await ask(one, { server });
    expect(status).toBe(500);
    expect(JSON.stringify(json)).not.toContain('credentials');
    expect(failures).toHaveLength(1);
  });
});
