/** Environment variables by which constructs tell functions what they work with. */
export const ENVIRONMENT = {
  /** Name of the registry table. */
  registryTable: 'STRATA_REGISTRY_TABLE',
  /** Name of the bucket that holds model artifacts. */
  artifactsBucket: 'STRATA_ARTIFACTS_BUCKET',
  /** Name of the bucket that holds the files which MLflow's clients push. */
  stagingBucket: 'STRATA_STAGING_BUCKET',
  /** ARN of the key that signs manifests. */
  signingKey: 'STRATA_SIGNING_KEY',
  /** Fingerprints of the keys whose signatures are trusted, separated by commas. Without, versions need no signature. */
  trustedKeys: 'STRATA_TRUSTED_KEYS',
  /** Seconds that a version may wait for its admission. */
  pendingLimit: 'STRATA_PENDING_LIMIT',
  /** Memory in MiB of the endpoint that admitted models are for. */
  endpointMemory: 'STRATA_ENDPOINT_MEMORY',
  /** Disk in MiB of that endpoint. */
  endpointDisk: 'STRATA_ENDPOINT_DISK',
  /** Seconds for which an alias that was read may be used without reading it again. */
  aliasMaxAge: 'STRATA_ALIAS_MAX_AGE',
  /** Names of the models that stay open, opened before requests come where there is time for it: JSON array of strings. */
  prime: 'STRATA_PRIME',
  /** Registered name of the model that answers records. */
  model: 'STRATA_MODEL',
  /** Version or alias of that model; the champion unless given. */
  modelVersion: 'STRATA_MODEL_VERSION',
  /** Name of the stream that results go to. */
  resultsStream: 'STRATA_RESULTS_STREAM',
  /** How tokens are verified: JSON of `TokenIssuer` (lib/contracts/access.ts). */
  tokenIssuer: 'STRATA_TOKEN_ISSUER',
  /** Which scopes open which path prefix: JSON of `PrefixScopes` (lib/contracts/access.ts). */
  prefixScopes: 'STRATA_PREFIX_SCOPES',
  /** What a new version is asked before it gets traffic: one of `RELEASE_CHECKS` (lib/contracts/release.ts). */
  releaseCheck: 'STRATA_RELEASE_CHECK',
  /** ARN of the function version that is to be released. */
  releaseVersion: 'STRATA_RELEASE_VERSION',
  /** Name of the event bus that the registry's events go to. */
  eventBus: 'STRATA_EVENT_BUS',
  /** Name of the bucket through which large tensors are exchanged. */
  exchangeBucket: 'STRATA_EXCHANGE_BUCKET',
  /** Seconds for which a signed URL of the exchange can be used. */
  exchangeUrlExpiry: 'STRATA_EXCHANGE_URL_EXPIRY',
  /** Largest sum in bytes of the uploads that one call asks for. */
  exchangeMaxUpload: 'STRATA_EXCHANGE_MAX_UPLOAD',
} as const;
