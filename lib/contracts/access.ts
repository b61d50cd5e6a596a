/** Identifier of the resource server that defines the scopes: a token's scope reads `strata/infer`. */
export const RESOURCE_SERVER = 'strata';

/** What a token may allow. Groups of people carry the same names. */
export const SCOPES = [
  'infer',
  'records.write',
  'feedback.write',
  'registry.read',
  'registry.write',
  'deploy',
  'audit.read',
  'admin',
] as const;

export type Scope = (typeof SCOPES)[number];

/** What the authorizer hands to the functions behind the gateway (`requestContext.authorizer`); values are strings. */
export interface AuthorizerContext {
  readonly principal: string;
  /** Space-separated. */
  readonly scopes: string;
}

/**
 * Scopes that open a path prefix at the front door. Which action each route needs is decided behind it, by the
 * function that serves the prefix. `admin` opens every prefix.
 */
export const PREFIX_SCOPES: Readonly<Record<string, readonly Scope[]>> = {
  v2: ['infer', 'registry.read'],
  'strata/v1/exchange': ['infer'],
};

/** Whose tokens the authorizer accepts, as the gateway writes it into the function's environment. */
export interface TokenIssuer {
  /** `iss` of the tokens. */
  readonly issuer: string;
  /** Where the issuer's keys are (JWKS). */
  readonly jwksUri: string;
  /** Accepted `aud` values; absent where the issuer writes none into access tokens (Cognito). */
  readonly audience?: readonly string[];
  /** Accepted `client_id` values; absent: any client of the issuer. */
  readonly clientIds?: readonly string[];
  /** Prefix that the issuer puts before our scopes, for example `strata/`. */
  readonly scopePrefix: string;
  /** Claim that lists the groups of a person; group names are scopes. Absent: groups count for nothing. */
  readonly groupsClaim?: string;
}
