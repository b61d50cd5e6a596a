import type { JwtPayload } from 'aws-jwt-verify/jwt-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bearerOf } from '../../../aws/token-claims.ts';
import { SCOPES, type TokenIssuer } from '../../../lib/contracts/access.ts';

const issuerWith = (more: Partial<TokenIssuer>): TokenIssuer => ({
  issuer: 'https://login.example.com',
  jwksUri: 'https://login.example.com/keys',
  scopeClaims: [{ claim: 'scope', prefix: '' }],
  ...more,
});

describe('the claims of an issuer', () => {
  it.each<[string, JwtPayload, Partial<TokenIssuer>, object]>([
    [
      'Okta: scopes as an array, the client in cid',
      { sub: 'app@example', cid: '0oa1', scp: ['infer', 'openid'], groups: ['Everyone', 'Risk Team'] },
      { scopeClaims: [{ claim: 'scp', prefix: '' }], groupsClaim: 'groups', principalClaim: 'cid' },
      { principal: '0oa1', scopes: ['infer'], groups: ['Everyone', 'Risk Team'] },
    ],
    [
      'Entra ID, a person: delegated scopes as text',
      { sub: 'pairwise', oid: '2b0c', scp: 'infer User.Read', groups: ['9d1f'] },
      {
        scopeClaims: [
          { claim: 'scp', prefix: '' },
          { claim: 'roles', prefix: '' },
        ],
        groupsClaim: 'groups',
        principalClaim: 'oid',
      },
      { principal: '2b0c', scopes: ['infer'], groups: ['9d1f'] },
    ],
    [
      'Entra ID, a machine: roles as an array',
      { sub: '77aa', oid: '77aa', roles: ['registry.read', 'infer'] },
      {
        scopeClaims: [
          { claim: 'scp', prefix: '' },
          { claim: 'roles', prefix: '' },
        ],
        principalClaim: 'oid',
      },
      { principal: '77aa', scopes: ['infer', 'registry.read'], groups: [] },
    ],
    [
      'Keycloak: roles inside another claim',
      { sub: 'f81d', realm_access: { roles: ['strata-infer', 'offline_access'] } },
      { scopeClaims: [{ claim: '/realm_access/roles', prefix: 'strata-' }] },
      { principal: 'f81d', scopes: ['infer'], groups: [] },
    ],
    [
      'Auth0: a claim whose name is an address',
      { sub: 'auth0|1', 'https://example.com/roles': ['deploy'] },
      { scopeClaims: [{ claim: 'https://example.com/roles', prefix: '' }] },
      { principal: 'auth0|1', scopes: ['deploy'], groups: [] },
    ],
    [
      'a slash and a tilde in a pointer',
      { sub: 'x', 'a/b': { 'c~d': 'infer' } },
      { scopeClaims: [{ claim: '/a~1b/c~0d', prefix: '' }] },
      { principal: 'x', scopes: ['infer'], groups: [] },
    ],
    [
      'one group as text',
      { sub: 'x', group: 'Risk Team' },
      { groupsClaim: 'group' },
      { principal: 'x', scopes: [], groups: ['Risk Team'] },
    ],
    [
      'a client without a subject',
      { client_id: 'machine-1', scope: 'infer' },
      {},
      { principal: 'machine-1', scopes: ['infer'], groups: [] },
    ],
  ])('%s', (_name, claims, issuer, bearer) => {
    expect(bearerOf(claims, issuerWith(issuer))).toEqual(bearer);
  });

  it('find nothing in what every object inherits', () => {
    const issuer = issuerWith({
      scopeClaims: [{ claim: '/constructor/name', prefix: '' }],
      groupsClaim: 'toString',
      principalClaim: '__proto__',
    });
    expect(bearerOf({ sub: 'x' }, issuer)).toEqual({ principal: '', scopes: [], groups: [] });
  });

  const anyIssuer = issuerWith({
    scopeClaims: [
      { claim: 'scope', prefix: 'strata/' },
      { claim: '/a/b', prefix: '' },
    ],
    groupsClaim: 'groups',
  });
  it('of any form never throw, and give texts and scopes that we know only', () => {
    const anything = fc.jsonValue();
    const token = fc.record({ sub: anything, scope: anything, groups: anything, a: anything });
    fc.assert(
      fc.property(token, (claims) => {
        const { principal, scopes, groups } = bearerOf(claims as JwtPayload, anyIssuer);
        expect(typeof principal).toBe('string');
        expect(SCOPES).toEqual(expect.arrayContaining([...scopes]));
        for (const group of groups) expect(typeof group).toBe('string');
      }),
    );
  });
});
