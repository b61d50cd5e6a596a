import type { RegisteredModel, VersionSummary } from './model-version.ts';
import type { TagMap } from './tags.ts';

/** Where a version stands in its life, in MLflow's words; deprecated there in favour of aliases. */
export const STAGES = ['None', 'Staging', 'Production', 'Archived'] as const;

export type Stage = (typeof STAGES)[number];

/** Everything that the registry knows of a version but what `ModelVersion` adds for those who serve it. */
export interface VersionRecord extends VersionSummary {
  /** Id of the model, which it keeps through renames. */
  readonly modelId: string;
  /** Why the version failed, or what is to be known of its status. */
  readonly statusMessage?: string;
  readonly stage: Stage;
  /** What people wrote about the version; MLflow calls it description. */
  readonly notes?: string;
  /** Where the version comes from, as whoever made it said. */
  readonly source: string;
  readonly runId?: string;
  readonly runLink?: string;
  readonly loggedModelId?: string;
  /** Where its files lie until it is admitted; absent where the registry does not keep them. */
  readonly storage?: string;
  readonly tags: TagMap;
  /** Who made the version. */
  readonly author?: string;
  /** ISO 8601, UTC. */
  readonly lastUpdatedAt: string;
}

/** What a list of models tells of each. */
export interface ModelOutline {
  readonly id: string;
  readonly name: string;
  readonly notes?: string;
  readonly tags: TagMap;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
}

/** A registered model with all that belongs to it: versions ascending, aliases. */
export interface ModelRecord extends ModelOutline, RegisteredModel<VersionRecord> {}
