/** Environment variables by which constructs tell functions what they work with. */
export const ENVIRONMENT = {
  /** Name of the registry table. */
  registryTable: 'STRATA_REGISTRY_TABLE',
  /** Name of the bucket that holds model artifacts. */
  artifactsBucket: 'STRATA_ARTIFACTS_BUCKET',
  /** Seconds for which an alias that was read may be used without reading it again. */
  aliasMaxAge: 'STRATA_ALIAS_MAX_AGE',
  /** How tokens are verified: JSON of `TokenIssuer` (lib/contracts/access.ts). */
  tokenIssuer: 'STRATA_TOKEN_ISSUER',
} as const;
