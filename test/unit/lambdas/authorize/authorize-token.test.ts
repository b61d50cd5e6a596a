import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TokenRefusedError } from '../../../../aws/bearer-token.ts';
import { tokenVerifier } from '../../../../aws/token-verifier.ts';
import { authorizeToken } from '../../../../lambdas/authorize/authorize-token.ts';
import { readEnvironment } from '../../../../lambdas/authorize/environment.ts';
import { type PrefixScopes, SCOPES, type Scope, type TokenIssuer } from '../../../../lib/contracts/access.ts';
import { TestIssuer } from '../../../support/token-issuer.ts';

const STAGE = 'arn:aws:execute-api:eu-west-1:123456789012:abc123/prod';
const pool = new TestIssuer();
const stranger = new TestIssuer();
let keysAt: string;

beforeAll(async () => {
  keysAt = await pool.start();
});
afterAll(() => pool.stop());

const PREFIXES: PrefixScopes = {
  v2: ['infer', 'registry.read'],
  'strata/v1/exchange': ['infer'],
  'strata/v1/feedback': ['feedback.write'],
};

const trusted: TokenIssuer = {
  issuer: pool.issuer,
  jwksUri: `${pool.issuer}/.well-known/jwks.json`,
  scopeClaims: [
    { claim: 'scope', prefix: 'strata/' },
    { claim: 'cognito:groups', prefix: '' },
  ],
  groupsClaim: 'cognito:groups',
};

function authorize(token: string, issuer: TokenIssuer = trusted, prefixScopes: PrefixScopes = PREFIXES) {
  return authorizeToken(
    { authorizationToken: token, methodArn: `${STAGE}/POST/v2/models/penguins/infer` },
    { issuer, prefixScopes, verify: tokenVerifier(issuer, keysAt) },
  );
}

const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/** Whether API Gateway lets a request through: in a policy `*` stands for any text, slashes among it. */
async function opens(
  scopes: readonly string[],
  request: string,
  prefixScopes?: PrefixScopes,
): Promise<boolean> {
  const scope = scopes.map((name) => `strata/${name}`).join(' ');
  const { policyDocument } = await authorize(withClaims({ scope }), trusted, prefixScopes);
  return policyDocument.Statement.some(
    (statement) =>
      statement.Effect === 'Allow' &&
      'Resource' in statement &&
      [statement.Resource ?? []].flat().some((resource) => {
        const pattern = resource
          .split('*')
          .map((text) => RegExp.escape(text))
          .join('.*');
        return new RegExp(`^${pattern}$`).test(`${STAGE}/${request}`);
      }),
  );
}

const withClaims = (claims: Record<string, unknown>) => `Bearer ${pool.token(claims)}`;

describe('a token with a scope', () => {
  it('opens the prefixes of that scope, for every method and every path below them', async () => {
    const paths = ['v2', 'v2/*', 'strata/v1/exchange', 'strata/v1/exchange/*'];
    const result = await authorize(withClaims({ scope: 'strata/infer' }));
    expect(result).toEqual({
      principalId: 'machine-1',
      context: { principal: 'machine-1', scopes: 'infer', groups: '[]' },
      policyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Action: 'execute-api:Invoke',
            Effect: 'Allow',
            Resource: paths.flatMap((path) => METHODS.map((method) => `${STAGE}/${method}/${path}`)),
          },
        ],
      },
    });
  });

  it('hands on all scopes that we know, and no other', async () => {
    const result = await authorize(
      withClaims({ scope: 'openid strata/infer strata/deploy strata/fly other/admin' }),
    );
    expect(result.context).toMatchObject({ scopes: 'infer deploy' });
  });

  it('works with any case of the word Bearer', async () => {
    await expect(authorize(`bearer ${pool.token({ scope: 'strata/infer' })}`)).resolves.toBeDefined();
  });
});

describe('a prefix', () => {
  const anyPath = fc
    .array(fc.constantFrom(...Object.keys(PREFIXES), 'v2x', 'strata', 'GET', ''), { maxLength: 4 })
    .map((segments) => segments.join('/'));
  const isBelow = (path: string, prefix: string) => `${path}/`.startsWith(`${prefix}/`);

  it('is open to whoever has one of its scopes or administers, and to nobody else, whatever stands in the path', async () => {
    const request = { method: fc.constantFrom(...METHODS), path: anyPath, scopes: fc.subarray([...SCOPES]) };
    await fc.assert(
      fc.asyncProperty(fc.record(request), async ({ method, path, scopes }) => {
        const [, needed] = Object.entries(PREFIXES).find(([prefix]) => isBelow(path, prefix)) ?? [];
        const allowed =
          scopes.includes('admin') || (needed ?? []).some((scope) => scopes.includes(scope as Scope));
        expect(await opens(scopes, `${method}/${path}`)).toBe(allowed);
      }),
      { numRuns: 200 },
    );
  });

  it('that no scope is named for is open to administrators alone', async () => {
    const table: PrefixScopes = { ...PREFIXES, reports: [] };
    expect(await opens(['admin'], 'GET/reports/1', table)).toBe(true);
    expect(
      await opens(
        SCOPES.filter((scope) => scope !== 'admin'),
        'GET/reports/1',
        table,
      ),
    ).toBe(false);
  });
});

describe('a token of a person', () => {
  it('carries the groups as scopes, and hands all of them on for the access rules', async () => {
    const result = await authorize(withClaims({ sub: 'person-1', 'cognito:groups': ['infer', 'bowling'] }));
    expect(result.context).toEqual({
      principal: 'person-1',
      scopes: 'infer',
      groups: '["infer","bowling"]',
    });
  });

  it('carries no scopes by groups that only access rules look at', async () => {
    const result = await authorize(withClaims({ 'cognito:groups': ['admin'] }), {
      ...trusted,
      scopeClaims: [{ claim: 'scope', prefix: 'strata/' }],
    });
    expect(result.policyDocument.Statement).toMatchObject([{ Effect: 'Deny' }]);
    expect(result.context).toMatchObject({ groups: '["admin"]' });
  });
});

describe('a token without any scope of ours', () => {
  it.each([{}, { scope: '' }, { scope: 'infer' }, { scope: 'strata/' }, { scope: 'strata/records.write' }])(
    'opens nothing: %j',
    async (claims) => {
      const result = await authorize(withClaims(claims));
      expect(result.policyDocument.Statement).toEqual([
        { Action: 'execute-api:Invoke', Effect: 'Deny', Resource: `${STAGE}/*` },
      ]);
    },
  );
});

describe('a token is refused', () => {
  const now = Math.floor(Date.now() / 1000);
  const scope = 'strata/infer';
  it.each<[string, () => string, Partial<TokenIssuer>?]>([
    ['when it is none', () => 'Basic dXNlcjpwYXNz'],
    ['when it is empty', () => 'Bearer '],
    ['when it is garbage', () => 'Bearer abc.def.ghi'],
    ['when it has expired', () => withClaims({ scope, exp: now - 1 })],
    ['when it is not valid yet', () => withClaims({ scope, nbf: now + 600 })],
    ['when it is of another issuer', () => withClaims({ scope, iss: 'https://evil.example.com' })],
    ['when somebody else signed it', () => `Bearer ${stranger.token({ scope })}`],
    [
      'when it was changed',
      () =>
        withClaims({ scope }).replace(
          /\.[^.]+\./,
          `.${Buffer.from(JSON.stringify({ iss: pool.issuer, exp: now + 600, scope: 'strata/admin' })).toString('base64url')}.`,
        ),
    ],
    ['when it is an identity token', () => withClaims({ scope, token_use: 'id' })],
    ['when it is for another audience', () => withClaims({ scope, aud: 'other' }), { audience: ['strata'] }],
    ['when it names no audience but must', () => withClaims({ scope }), { audience: ['strata'] }],
    ['when another client asked for it', () => withClaims({ scope }), { clientIds: ['client-2'] }],
    ['when it expired a year ago', () => withClaims({ scope, exp: now - 365 * 86_400 })],
    [
      'when one of several audiences is not enough',
      () => withClaims({ scope, aud: ['a', 'b'] }),
      { audience: ['c'] },
    ],
    [
      'when it does not say who its bearer is where that has to stand',
      () => withClaims({ scope, oid: 7 }),
      { principalClaim: 'oid' },
    ],
    ['when it never expires', () => withClaims({ scope, exp: undefined })],
    ['when its end is no time', () => withClaims({ scope, exp: String(now + 600) })],
    ['when it names nobody', () => withClaims({ scope, sub: undefined, client_id: undefined })],
  ])('%s', async (_case, token, issuer = {}) => {
    await expect(authorize(token(), { ...trusted, ...issuer })).rejects.toThrow(TokenRefusedError);
  });

  it('without a word of its content in the reason', async () => {
    const token = pool.token({ scope, exp: now - 1, email: 'person@example.com' });
    const refusal = await authorize(`Bearer ${token}`).catch((error: Error) => error.message);
    expect(refusal).not.toContain('person');
    expect(refusal).not.toContain(token);
  });
});

describe('keys that cannot be fetched', () => {
  it('say nothing of the token: the failure is ours', async () => {
    const verify = tokenVerifier(trusted, 'http://127.0.0.1:1');
    const decision = authorizeToken(
      { authorizationToken: withClaims({}), methodArn: `${STAGE}/GET/v2` },
      { issuer: trusted, prefixScopes: PREFIXES, verify },
    );
    await expect(decision).rejects.toThrow('fetch failed');
    await expect(decision).rejects.not.toThrow(TokenRefusedError);
  });
});

describe('keys that cannot be read', () => {
  it.each([
    ['an error page', '<html>'],
    ['no keys', '{}'],
    ['keys that are no list', '{"keys":{}}'],
    ['a key without a type', '{"keys":[{"kid":"1"}]}'],
  ])('say nothing of the token: %s', async (_case, published) => {
    const broken = new TestIssuer(published);
    const verify = tokenVerifier(trusted, await broken.start());
    const decision = authorizeToken(
      { authorizationToken: withClaims({}), methodArn: `${STAGE}/GET/v2` },
      { issuer: trusted, prefixScopes: PREFIXES, verify },
    ).finally(() => broken.stop());
    await expect(decision).rejects.toThrow(/JWK/);
    await expect(decision).rejects.not.toThrow(TokenRefusedError);
  });
});

describe('a key id that the issuer does not publish', () => {
  it('is a fault of the token, also while the keys may not be fetched again', async () => {
    const verify = tokenVerifier(trusted, keysAt);
    for (const _again of [1, 2]) {
      const decision = authorizeToken(
        { authorizationToken: `Bearer ${stranger.token({})}`, methodArn: `${STAGE}/GET/v2` },
        { issuer: trusted, prefixScopes: PREFIXES, verify },
      );
      await expect(decision).rejects.toThrow(TokenRefusedError);
    }
  });
});

describe('the environment', () => {
  it('tells whose tokens count', () => {
    expect(
      readEnvironment({
        STRATA_TOKEN_ISSUER: JSON.stringify(trusted),
        STRATA_PREFIX_SCOPES: JSON.stringify(PREFIXES),
        AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
      }),
    ).toEqual({ issuer: trusted, prefixScopes: PREFIXES, cognitoEndpoint: 'http://127.0.0.1:4566' });
  });

  it('fails at once when it does not', () => {
    expect(() => readEnvironment({})).toThrow(/issuer/);
    const STRATA_TOKEN_ISSUER = JSON.stringify(trusted);
    expect(() => readEnvironment({ STRATA_TOKEN_ISSUER })).toThrow(/record/);
    expect(() => readEnvironment({ STRATA_TOKEN_ISSUER, STRATA_PREFIX_SCOPES: '{"v2":["fly"]}' })).toThrow(
      /v2/,
    );
  });
});
