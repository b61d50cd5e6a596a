import { Duration, Lazy, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as cognito from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import { type PrefixScopes, RESOURCE_SERVER, type TokenIssuer } from '../contracts/access';
import { ENVIRONMENT } from '../contracts/environment';
import type { AccessBinding } from '../private/access-binding';
import { StrataConstructError } from '../private/errors';
import { HandlerFunction } from '../private/handler-function';
import { ifResolved } from '../private/tokens';
import { SIGNATURE_REFUSALS, TOKEN_REFUSALS } from './refusals';

/** Claim in which a user pool lists a person's groups. */
const COGNITO_GROUPS = 'cognito:groups';

/** Options for access by tokens of a Cognito user pool. */
export interface CognitoAccessOptions {
  /**
   * App clients whose tokens are accepted.
   * @default - every client of the user pool
   */
  readonly clients?: cognito.IUserPoolClient[];
  /**
   * Identifier of the resource server that defines the scopes.
   * @default 'strata'
   */
  readonly resourceServerIdentifier?: string;
  /**
   * For how long API Gateway reuses the decision on a token.
   * @default Duration.minutes(5)
   */
  readonly cacheTtl?: Duration;
}

/**
 * The claims of an issuer's access tokens that count. A name that begins with a slash is a JSON Pointer to a claim inside
 * another one, for example `/realm_access/roles` of Keycloak.
 *
 * @example
 * const claims: TokenClaims = { scopes: ['scp', 'roles'], groups: 'groups', principal: 'oid' };
 */
export interface TokenClaims {
  /**
   * Claims that carry scopes, as an array or as text with spaces between them: `scp` of Okta, `scp` and `roles` of
   * Microsoft Entra ID.
   * @default ['scope']
   */
  readonly scopes?: string[];
  /**
   * Claim that lists the bearer's groups, for access rules. A group opens nothing by its name alone: where groups are
   * called like scopes and shall count as such, name the claim in `scopes` too.
   * @default - no groups
   */
  readonly groups?: string;
  /**
   * Claim that says who the bearer is. Its value stands in logs and in access rules: choose one that holds an id, not
   * a name or an address.
   * @default - `sub`, or `client_id` where there is no `sub`
   */
  readonly principal?: string;
}

/** Options for access by tokens of any OpenID Connect issuer. */
export interface OidcAccessOptions {
  /** The `iss` claim, for example `https://login.example.com/`. */
  readonly issuer: string;
  /** Accepted values of the `aud` claim; at least one. */
  readonly audience: string[];
  /**
   * Where the issuer publishes its keys.
   * @default - `<issuer>/.well-known/jwks.json`
   */
  readonly jwksUri?: string;
  /**
   * Prefix that stands before the scopes in the token, for example `api://scoring/`.
   * @default - none
   */
  readonly scopePrefix?: string;
  /**
   * Where the token says what its bearer may do and who that is.
   * @default - scopes in `scope`, the bearer in `sub`, no groups
   */
  readonly claims?: TokenClaims;
  /**
   * For how long API Gateway reuses the decision on a token.
   * @default Duration.minutes(5)
   */
  readonly cacheTtl?: Duration;
}

/**
 * Who may call a gateway.
 *
 * A token says which scopes its bearer has; scopes open path prefixes at the front door, and the function behind a
 * prefix decides about the single route. What no scope opens is refused.
 */
export abstract class Access {
  /** Callers bring an access token of a Cognito user pool: scopes for machines, groups of the same names for people. */
  public static cognito(userPool: cognito.IUserPool, options: CognitoAccessOptions = {}): Access {
    const issuer = `https://cognito-idp.${userPool.env.region}.amazonaws.com/${userPool.userPoolId}`;
    return new TokenAccess(
      {
        issuer,
        jwksUri: `${issuer}/.well-known/jwks.json`,
        clientIds: options.clients?.map((client) => client.userPoolClientId),
        scopeClaims: [
          { claim: 'scope', prefix: `${options.resourceServerIdentifier ?? RESOURCE_SERVER}/` },
          // People are in groups that are called like scopes.
          { claim: COGNITO_GROUPS, prefix: '' },
        ],
        groupsClaim: COGNITO_GROUPS,
      },
      options.cacheTtl,
    );
  }

  /** Callers bring an access token of an OpenID Connect issuer. */
  public static oidc(options: OidcAccessOptions): Access {
    ifResolved(options.issuer, (issuer) => {
      if (!issuer.startsWith('https://')) {
        throw new StrataConstructError('INVALID_ISSUER', `issuer must be an https URL, got "${issuer}"`);
      }
    });
    ifResolved(options.audience, (audience) => {
      if (audience.length === 0) {
        throw new StrataConstructError(
          'AUDIENCE_MISSING',
          'audience needs at least one value, or tokens made for other services would be accepted',
        );
      }
    });
    const claims = options.claims ?? {};
    const scopeClaims = claims.scopes ?? ['scope'];
    assertClaims([...scopeClaims, claims.groups, claims.principal], scopeClaims.length > 0);
    return new TokenAccess(
      {
        issuer: options.issuer,
        jwksUri: options.jwksUri ?? `${options.issuer.replace(/\/$/, '')}/.well-known/jwks.json`,
        audience: options.audience,
        scopeClaims: scopeClaims.map((claim) => ({ claim, prefix: options.scopePrefix ?? '' })),
        groupsClaim: claims.groups,
        principalClaim: claims.principal,
      },
      options.cacheTtl,
    );
  }

  /**
   * Callers sign requests with AWS credentials (Signature Version 4) and need `execute-api:Invoke` on the API. Their
   * policies decide about paths; to the functions behind the gateway they have every scope, which access rules do not
   * narrow.
   */
  public static iam(): Access {
    return new IamAccess();
  }

  /** @internal */
  public abstract _bind(scope: Construct, prefixScopes: () => PrefixScopes): AccessBinding;
}

function assertClaims(names: readonly (string | undefined)[], hasScopes: boolean): void {
  if (!hasScopes) {
    throw new StrataConstructError(
      'INVALID_CLAIM',
      'claims.scopes names no claim, so that no token could open anything',
    );
  }
  for (const name of names) {
    ifResolved(name, (claim) => {
      if (claim.trim() === '')
        throw new StrataConstructError('INVALID_CLAIM', 'the name of a claim is empty');
    });
  }
}

class IamAccess extends Access {
  /** @internal */
  public _bind(): AccessBinding {
    return { authorizationType: apigateway.AuthorizationType.IAM, refusals: SIGNATURE_REFUSALS };
  }
}

class TokenAccess extends Access {
  constructor(
    private readonly issuer: TokenIssuer,
    private readonly cacheTtl: Duration = Duration.minutes(5),
  ) {
    super();
    ifResolved(cacheTtl, (ttl) => {
      if (ttl.toSeconds() > 3600) {
        throw new StrataConstructError(
          'CACHE_TTL_TOO_LONG',
          `cacheTtl may be one hour at most, got ${ttl.toSeconds()} s`,
        );
      }
    });
  }

  /** @internal */
  public _bind(scope: Construct, prefixScopes: () => PrefixScopes): AccessBinding {
    const authorizeFunction = new HandlerFunction(scope, 'Authorize', {
      handler: 'authorize',
      description: 'Verifies access tokens for API Gateway and says which path prefixes they open',
      memorySize: 512,
      timeout: Duration.seconds(10),
      environment: {
        [ENVIRONMENT.tokenIssuer]: Stack.of(scope).toJsonString(this.issuer),
        // Layers are mounted after the gateway is made.
        [ENVIRONMENT.prefixScopes]: Lazy.string({ produce: () => JSON.stringify(prefixScopes()) }),
      },
    });
    const authorizer = new apigateway.TokenAuthorizer(scope, 'Authorizer', {
      handler: authorizeFunction.live,
      resultsCacheTtl: this.cacheTtl,
      validationRegex: '^[Bb]earer [-A-Za-z0-9._~+/]+=*$',
    });
    return {
      authorizationType: apigateway.AuthorizationType.CUSTOM,
      authorizer,
      authorizeFunction,
      refusals: TOKEN_REFUSALS,
    };
  }
}
