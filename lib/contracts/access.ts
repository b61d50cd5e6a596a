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
};
