import type { RegisteredKind } from './prompts.ts';
import type { ModelOutline, ModelRecord, VersionRecord } from './registry-records.ts';
import type { Tags } from './tags.ts';

/** What has tags: a model, or a version with the id of its model. */
export type Tagged = Pick<ModelRecord, 'id' | 'tags'> | Pick<VersionRecord, 'modelId' | 'version' | 'tags'>;

/** The registry's records, for those who show and change them. What serving needs is in `RegistryReader`. */
export interface RecordsReader {
  /** @throws UnavailableError `REGISTRY_UNAVAILABLE` */
  ping(): Promise<void>;
  /** All models, or all prompts. What was made or renamed a moment ago may not be among them yet. */
  listModels(kind: RegisteredKind): Promise<ModelOutline[]>;
  /**
   * A model with its versions and aliases: one read when the name was seen before.
   * @throws NotFoundError `MODEL_NOT_FOUND`
   */
  model(name: string): Promise<ModelRecord>;
  /** @throws NotFoundError `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND` */
  version(name: string, version: string): Promise<VersionRecord>;
  /** The tags of each with all their values, in the same order. */
  tagsOf(tagged: readonly Tagged[]): Promise<Tags[]>;
}
