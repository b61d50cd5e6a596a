import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { tokenAccess } from '../../../server/access.ts';
import { bearerAccess, oidcAccess } from '../../../server/oidc-access.ts';
import { TestIssuer } from '../../support/token-issuer.ts';

const asked = (authorization?: string) => ({
  headers: authorization === undefined ? {} : { authorization },
});

describe('a token that every caller sends', () => {
  const access = tokenAccess('the-token');

  it.each(['Bearer the-token', 'bearer the-token'])('lets %s in', async (header) => {
    expect((await access(asked(header))).id).toBe('token');
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer the-toke',
    'Bearer the-token2',
    'Basic the-token',
    'Bearer the-token x',
  ])('keeps %s out', async (header) => {
    await expect(access(asked(header))).rejects.toMatchObject({ code: 'UNAUTHENTICATED', statusCode: 401 });
  });
});

describe('tokens of an issuer', () => {
  const issuer = new TestIssuer();
  let keys: string;
  beforeAll(async () => {
    keys = await issuer.start();
  });
  afterAll(() => issuer.stop());

  const accessTo = (endpoint = keys, now?: () => number) =>
    bearerAccess(
      {
        issuer: issuer.issuer,
        jwksUri: `${issuer.issuer}/.well-known/jwks.json`,
        scopeClaims: [{ claim: 'scope', prefix: 'strata/' }],
        groupsClaim: 'cognito:groups',
      },
      endpoint,
      now,
    );

  it('say who calls, with which scopes and groups', async () => {
    const token = issuer.token({ scope: 'strata/infer other/admin', 'cognito:groups': ['risk'] });
    expect(await accessTo()(asked(`Bearer ${token}`))).toEqual({
      id: 'machine-1',
      scopes: ['infer'],
      groups: ['risk'],
    });
  });

  it.each([
    ['expired', { exp: 1 }],
    ['of another issuer', { iss: 'https://elsewhere.example' }],
    ['an identity token', { token_use: 'id' }],
  ])('are refused when they are %s', async (_what, claims) => {
    const refusal = accessTo()(asked(`Bearer ${issuer.token(claims)}`));
    await expect(refusal).rejects.toMatchObject({ code: 'UNAUTHENTICATED', statusCode: 401 });
  });

  it('are verified again after ten seconds, so that none is taken for long once it expired', async () => {
    let time = 0;
    const access = accessTo(keys, () => time);
    const started = Date.now();
    const request = asked(`Bearer ${issuer.token({ exp: Math.floor(started / 1000) + 60 })}`);
    await access(request);
    vi.useFakeTimers({ toFake: ['Date'], now: started + 120_000 });
    time = 9_999;
    expect(await access(request)).toMatchObject({ id: 'machine-1' });
    time = 10_000;
    await expect(access(request)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    vi.useRealTimers();
  });

  it('are taken no longer than they are valid', async () => {
    let time = 0;
    const access = accessTo(keys, () => time);
    const started = Math.floor(Date.now() / 1000) * 1000;
    vi.useFakeTimers({ toFake: ['Date'], now: started });
    const request = asked(`Bearer ${issuer.token({ exp: started / 1000 + 3 })}`);
    await access(request);
    vi.setSystemTime(started + 4_000);
    time = 2_999;
    expect(await access(request)).toMatchObject({ id: 'machine-1' });
    time = 3_000;
    await expect(access(request)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    vi.useRealTimers();
  });

  it('are told apart by every letter', async () => {
    const access = accessTo();
    const token = issuer.token();
    await access(asked(`Bearer ${token}`));
    await expect(access(asked(`Bearer ${token}x`))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('are neither taken nor refused while the keys cannot be fetched', async () => {
    const answer = accessTo('http://127.0.0.1:9')(asked(`Bearer ${issuer.token()}`));
    await expect(answer).rejects.toMatchObject({
      code: 'ISSUER_UNAVAILABLE',
      statusCode: 503,
      retryable: true,
    });
  });
});

describe('an issuer that is named by its address', () => {
  const keys = new TestIssuer();
  let jwksUri: string;
  let named: (url: string) => string;
  const server = createServer(({ url }, response) => {
    if (url === '/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer: named(address()), jwks_uri: jwksUri }));
    } else response.writeHead(404).end();
  });
  const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  beforeAll(async () => {
    jwksUri = await keys.start();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    keys.stop();
    server.close();
  });

  it('is found by its discovery document', async () => {
    named = (url) => url;
    const access = await oidcAccess({ issuer: address(), audience: 'models' });
    const token = keys.token({ iss: address(), aud: 'models', scope: 'infer', token_use: undefined });
    expect(await access(asked(`Bearer ${token}`))).toMatchObject({ id: 'machine-1', scopes: ['infer'] });
    const other = keys.token({ iss: address(), aud: 'other', scope: 'infer', token_use: undefined });
    await expect(access(asked(`Bearer ${other}`))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('is refused when it calls itself something else', async () => {
    named = () => 'https://somebody.example';
    await expect(oidcAccess({ issuer: address() })).rejects.toMatchObject({ code: 'INVALID_ISSUER' });
  });
});
