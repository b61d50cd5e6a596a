import type { ModelVersion, RegisteredModel } from './model-version.ts';

/** The read side of a registry: what serving needs of it. */
export interface RegistryReader {
  /**
   * Tries whether the registry answers, for the price of one read.
   * @throws UnavailableError `REGISTRY_UNAVAILABLE`
   */
  ping(): Promise<void>;
  /** Names of all registered models, sorted. */
  modelNames(): Promise<string[]>;
  /** @throws NotFoundError `MODEL_NOT_FOUND` */
  model(name: string): Promise<RegisteredModel>;
  /**
   * The version that a request means: by number, by alias, or the alias `champion` when none is named.
   * @throws NotFoundError `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND` (neither number nor alias), `NO_CHAMPION`
   * @throws UnavailableError `MODEL_NOT_READY` when the version is not READY
   */
  resolve(name: string, versionOrAlias?: string): Promise<ModelVersion>;
}
