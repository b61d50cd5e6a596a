/** Key attributes of the registry table. */
export const REGISTRY_KEY = { partition: 'pk', sort: 'sk' } as const;

/** Index that lists registered models by name: items that carry both attributes are in it. */
export const MODELS_INDEX = { name: 'models', partition: 'listing', sort: 'name' } as const;

/** Prefix of the artifacts bucket that holds admitted model files, by SHA-256; objects there are created once. */
export const ARTIFACT_PREFIX = 'artifacts/sha256/';
