import { Duration, Token } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { describe, expect, it } from 'vitest';
import { Access, Gateway, ModelRegistry, type OidcAccessOptions, Serving } from '../../../lib';
import { synth, testStack } from '../../support/synth';

/** What the authorizer of a gateway is told, as the text that it gets; references stand as their logical ids. */
function issuerOf(accessOf: (stack: ReturnType<typeof testStack>) => Access): Record<string, unknown> {
  const template = synth((stack) => {
    const registry = ModelRegistry.fromAttributes(stack, 'Registry', {
      tableName: 'models',
      artifactsBucketName: 'model-files',
    });
    new Serving(stack, 'Serving', {
      gateway: new Gateway(stack, 'Gateway', { access: accessOf(stack) }),
      registry,
    });
  });
  const written = Object.values(template.findResources('AWS::Lambda::Function'))
    .map(({ Properties }) => Properties.Environment?.Variables?.STRATA_TOKEN_ISSUER)
    .find((value) => value !== undefined);
  const text =
    typeof written === 'string'
      ? written
      : written['Fn::Join'][1].map((part: string | { Ref: string }) =>
          typeof part === 'string' ? part : part.Ref,
        );
  return JSON.parse([text].flat().join('')) as Record<string, unknown>;
}

const OIDC: OidcAccessOptions = { issuer: 'https://login.example.com', audience: ['scoring'] };
const oidc = (more: Partial<OidcAccessOptions>) => Access.oidc({ ...OIDC, ...more });

describe('access by tokens of a user pool', () => {
  it('takes scopes of the resource server, and groups both as scopes and for the access rules', () => {
    const issuer = issuerOf((stack) => Access.cognito(new cognito.UserPool(stack, 'Pool')));
    expect(issuer).toMatchObject({
      scopeClaims: [
        { claim: 'scope', prefix: 'strata/' },
        { claim: 'cognito:groups', prefix: '' },
      ],
      groupsClaim: 'cognito:groups',
    });
    expect(issuer).not.toHaveProperty('audience');
  });
});

describe('access by tokens of an OpenID Connect issuer', () => {
  it('takes scopes from the standard claim, and no groups, unless told otherwise', () => {
    expect(issuerOf(() => oidc({}))).toEqual({
      issuer: 'https://login.example.com',
      jwksUri: 'https://login.example.com/.well-known/jwks.json',
      audience: ['scoring'],
      scopeClaims: [{ claim: 'scope', prefix: '' }],
    });
  });

  it('takes scopes, groups and the caller from the claims that it is told', () => {
    const claims = { scopes: ['scp', 'roles'], groups: 'groups', principal: 'oid' };
    expect(issuerOf(() => oidc({ claims, scopePrefix: 'strata.' }))).toMatchObject({
      scopeClaims: [
        { claim: 'scp', prefix: 'strata.' },
        { claim: 'roles', prefix: 'strata.' },
      ],
      groupsClaim: 'groups',
      principalClaim: 'oid',
    });
  });

  it.each([{ scopes: [] }, { scopes: [''] }, { groups: ' ' }, { principal: '' }])(
    'is refused with claims that have no name: %j',
    (claims) => {
      expect(() => oidc({ claims })).toThrow('INVALID_CLAIM');
    },
  );

  it('takes names and times that are known at deployment only', () => {
    const token = Token.asString({ Ref: 'Parameter' });
    const claims = { scopes: [token], groups: token, principal: token };
    expect(() => oidc({ issuer: token, audience: [token], claims })).not.toThrow();
    const seconds = Token.asNumber({ Ref: 'Parameter' });
    expect(() => oidc({ cacheTtl: Duration.seconds(seconds) })).not.toThrow();
  });
});

describe('access by AWS signatures', () => {
  it('has no authorizer of its own', () => {
    const stack = testStack();
    expect(new Gateway(stack, 'Gateway', { access: Access.iam() }).authorizeFunction).toBeUndefined();
  });
});
