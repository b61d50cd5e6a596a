import type { ModelDescription } from '../onnx/model-description.ts';
import type { Artifact, ModelVersion } from './model-version.ts';

/** A version that is to be. */
export interface VersionDraft {
  readonly model: string;
  readonly artifact: Artifact;
  readonly description: ModelDescription;
  /** Alias that is to point at the new version from its first moment. */
  readonly alias?: string;
  /** Who asks, for the alias log and the events. */
  readonly actor?: string;
}

export interface AliasChange {
  readonly model: string;
  readonly alias: string;
  readonly version: string;
  readonly actor?: string;
}

/** Where an alias points, and where it pointed before. */
export interface AliasMove {
  readonly model: string;
  readonly alias: string;
  /** Absent when the alias is new. */
  readonly from?: string;
  readonly to: string;
}

/** The write side of a registry. Every write happens as a whole or not at all. */
export interface RegistryWriter {
  /**
   * Gives the model's next number to a READY version; makes the model when it is not there yet.
   * @throws InvalidInputError `INVALID_MODEL_NAME`, `INVALID_ALIAS`, `DESCRIPTION_TOO_LARGE`
   * @throws UnavailableError `REGISTRY_UNAVAILABLE`, `REGISTRY_BUSY`
   */
  createVersion(draft: VersionDraft): Promise<ModelVersion>;
  /**
   * Points an alias at a READY version; does nothing when it already does.
   * @throws InvalidInputError `INVALID_ALIAS`, `INVALID_VERSION`, `VERSION_NOT_READY` (409)
   * @throws NotFoundError `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND`
   * @throws UnavailableError `REGISTRY_UNAVAILABLE`, `REGISTRY_BUSY`
   */
  setAlias(change: AliasChange): Promise<AliasMove>;
}
