/** Key attributes of the registry table. */
export const REGISTRY_KEY = { partition: 'pk', sort: 'sk' } as const;

/**
 * What the partition keys of the registry begin with: an item whose key begins otherwise is not the registry's. Several
 * kinds of items in partitions of their own, so that permissions can tell them apart (`dynamodb:LeadingKeys`).
 */
export const REGISTRY_PARTITIONS = {
  /** Which model has a name: `NAME#<name>`. */
  names: 'NAME#',
  /** A model with its versions and aliases: `M#<model id>`. */
  models: 'M#',
  /** What is large and kept beside a model's partition: what is served of its versions, long tags. `D#<model id>`. */
  details: 'D#',
  /** Every revision of the access rules. */
  accessRules: 'ACCESS',
  /** Where the aliases of a model pointed and when: `LOG#<model id>`. */
  aliasLogs: 'LOG#',
  /** Events that are to be sent: `OUTBOX#<model id>`, and `OUTBOX#ACCESS` for the access rules. */
  events: 'OUTBOX#',
  /** What clients of MLflow track on the way to a version: experiments, runs, logged models. */
  tracking: 'TRACK#',
} as const;

export type RegistryPartitions = typeof REGISTRY_PARTITIONS;

/** Some actions on the registry table, and the partition keys on which they are needed, as patterns of IAM. */
export interface TableRight {
  readonly actions: readonly string[];
  readonly partitions: readonly string[];
}

const { names, models, details, accessRules, aliasLogs, events, tracking } = REGISTRY_PARTITIONS;

/** What each intent needs of the table. Logs, events and rules are only put, never changed and never deleted. */
export const REGISTRY_RIGHTS = {
  /** To serve models, which takes the access rules too; listing them takes `dynamodb:Query` on the index besides. */
  read: [
    {
      actions: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'],
      partitions: [`${names}*`, `${models}*`, `${details}*`, accessRules],
    },
  ],
  /** To register versions and to move aliases, beside reading. */
  write: [
    {
      actions: ['dynamodb:PutItem'],
      // Models have UUIDs; the events of the access rules are not theirs to write.
      partitions: [`${names}*`, `${models}*`, `${details}*`, `${aliasLogs}*`, `${events}*-*-*-*-*`],
    },
    { actions: ['dynamodb:UpdateItem'], partitions: [`${models}*`] },
    // The log of an alias never goes back in time: its last entry is looked at before one is added.
    { actions: ['dynamodb:Query'], partitions: [`${aliasLogs}*`] },
  ],
  /** To settle whether versions may serve, beside reading. */
  admit: [
    { actions: ['dynamodb:PutItem'], partitions: [`${details}*`, `${events}*-*-*-*-*`] },
    { actions: ['dynamodb:UpdateItem'], partitions: [`${models}*`] },
  ],
  /** To delete models, versions, aliases and tags, beside writing. */
  delete: [
    { actions: ['dynamodb:DeleteItem'], partitions: [`${names}*`, `${models}*`, `${details}*`] },
    { actions: ['dynamodb:BatchWriteItem'], partitions: [`${models}*`, `${details}*`] },
  ],
  /** To read what became of aliases, and all events, beside reading. */
  history: [{ actions: ['dynamodb:Query'], partitions: [`${aliasLogs}*`, `${events}*`] }],
  /** To read and to write what leads to versions: experiments, runs, logged models. */
  track: [
    {
      actions: ['dynamodb:BatchGetItem', 'dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:Query'],
      partitions: [`${tracking}*`],
    },
  ],
  /** To read and to put the rules about who may use which models. */
  writeAccessRules: [
    { actions: ['dynamodb:GetItem', 'dynamodb:Query'], partitions: [accessRules] },
    { actions: ['dynamodb:PutItem'], partitions: [accessRules, `${events}${accessRules}`] },
  ],
} as const satisfies Readonly<Record<string, readonly TableRight[]>>;

/** Index that lists registered models by name: items that carry both attributes are in it. */
export const MODELS_INDEX = { name: 'models', partition: 'listing', sort: 'name' } as const;

/** Prefix of the artifacts bucket that holds admitted model files, by SHA-256; objects there are created once. */
export const ARTIFACT_PREFIX = 'artifacts/sha256/';

/** Areas of the staging bucket, first segments of its keys: what clients push, which expires, and the files of versions. */
export const STAGING_AREAS = { drafts: 'drafts', versions: 'versions' } as const;

/** Path prefix of what the registry answers beside MLflow's API: where aliases pointed at any time. */
export const REGISTRY_PREFIX = 'strata/v1/models';
