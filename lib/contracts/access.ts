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
  /** JSON array of strings: names of groups may hold any character. */
  readonly groups: string;
}

/**
 * By path prefix, the scopes that open it at the front door; any one of them does. Which action each route needs is
 * decided behind it, by the function that serves the prefix. `admin` opens every prefix.
 */
export type PrefixScopes = Readonly<Record<string, readonly Scope[]>>;

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
  /** Claims that carry scopes; at least one. */
  readonly scopeClaims: readonly ScopeClaim[];
  /** Claim that lists the bearer's groups. Absent: there are none. */
  readonly groupsClaim?: string;
  /** Claim that says who the bearer is. Absent: `sub`, or `client_id` where there is no `sub`. */
  readonly principalClaim?: string;
}

/**
 * A claim that carries scopes, as an array or as text with spaces between them. A name that begins with a slash is a
 * JSON Pointer (RFC 6901) to a claim inside another one.
 */
export interface ScopeClaim {
  readonly claim: string;
  /** What stands before our scopes, for example `strata/`; a scope without it counts for nothing. */
  readonly prefix: string;
}
