import type { ModelDescription } from '../onnx/model-description.ts';
import type { Why } from './alias-history.ts';
import type { Artifact, ModelVersion } from './model-version.ts';
import type { ModelRecord, Stage, VersionRecord } from './registry-records.ts';
import type { SignedManifest } from './signed-manifest.ts';
import type { Tags } from './tags.ts';

/** Who asks for a change, for the alias log and the events. */
export interface Asked {
  readonly actor?: string;
}

/** A version that is READY from its first moment. */
export interface ReadyVersionDraft extends Asked {
  readonly model: string;
  readonly artifact: Artifact;
  readonly description: ModelDescription;
  /** Alias that is to point at the new version from its first moment. */
  readonly alias?: string;
}

/** A model without versions. */
export interface ModelDraft extends Asked {
  readonly name: string;
  readonly notes?: string;
  readonly tags?: Tags;
}

/** A version that is to be. One of a prompt is READY at once; any other is PENDING_REGISTRATION until it is admitted. */
export interface VersionDraft
  extends Asked,
    Partial<Pick<VersionRecord, 'notes' | 'runId' | 'runLink' | 'loggedModelId' | 'storage'>> {
  readonly model: string;
  readonly source: string;
  readonly tags?: Tags;
}

export interface ModelTarget extends Asked {
  readonly model: string;
}

export interface VersionTarget extends ModelTarget {
  readonly version: string;
}

/** A tag of the model, or of a version of it. */
export interface TagTarget extends ModelTarget {
  readonly version?: string;
  readonly key: string;
}

export interface AliasTarget extends ModelTarget, Why {
  readonly alias: string;
}

export interface AliasChange extends AliasTarget {
  readonly version: string;
  /** Version that the alias has to point at; when it points elsewhere meanwhile, nothing is changed. */
  readonly replaces?: string;
}

export interface StageChange extends VersionTarget {
  readonly stage: Stage;
  /** Whether all other versions in that stage become Archived. */
  readonly archiveOthers?: boolean;
}

/** Where an alias points, and where it pointed before. */
export interface AliasMove {
  readonly model: string;
  readonly alias: string;
  /** Absent when the alias is new. */
  readonly from?: string;
  readonly to: string;
}

/** What admission found of a version. */
export interface Admitted {
  readonly artifact: Artifact;
  readonly description: ModelDescription;
  /** Says the same of both, and all else that was found. */
  readonly manifest?: SignedManifest;
}

/**
 * The write side of a registry. Every write happens as a whole or not at all, with its event. What names no model or
 * version that there is is refused with NotFoundError `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND`; every write may fail with
 * UnavailableError `REGISTRY_UNAVAILABLE`, `REGISTRY_BUSY`.
 */
export interface RegistryWriter {
  /**
   * Gives the model's next number to a READY version; makes the model when it is not there yet.
   * @throws InvalidInputError `INVALID_MODEL_NAME`, `INVALID_ALIAS`, `DESCRIPTION_TOO_LARGE`
   */
  registerVersion(draft: ReadyVersionDraft): Promise<ModelVersion>;

  /** @throws InvalidInputError `INVALID_MODEL_NAME`, `MODEL_EXISTS`, `NOTES_TOO_LONG`, `INVALID_TAG`, `TOO_MANY_TAGS` */
  createModel(draft: ModelDraft): Promise<ModelRecord>;
  /** @throws InvalidInputError `NOTES_TOO_LONG` */
  updateModel(change: ModelTarget & { readonly notes: string }): Promise<ModelRecord>;
  /** Versions, aliases and tags stay as they are. @throws InvalidInputError `INVALID_MODEL_NAME`, `MODEL_EXISTS` */
  renameModel(change: ModelTarget & { readonly newName: string }): Promise<ModelRecord>;
  /** With its versions and aliases. A model of the same name that is made later is another one. */
  deleteModel(target: ModelTarget): Promise<void>;

  /** Gives the model's next number. @throws InvalidInputError `INVALID_TAG`, `TOO_MANY_TAGS`, `NOTES_TOO_LONG` */
  createVersion(draft: VersionDraft): Promise<VersionRecord>;
  /** @throws InvalidInputError `NOTES_TOO_LONG` */
  updateVersion(change: VersionTarget & { readonly notes: string }): Promise<VersionRecord>;
  transitionStage(change: StageChange): Promise<VersionRecord>;
  /** With the aliases that point at it. Its number is never given again. */
  deleteVersion(target: VersionTarget): Promise<void>;
  /**
   * Makes a PENDING version READY, once; does nothing when it is READY with the same artifact.
   * @throws InvalidInputError `VERSION_NOT_PENDING` (409), `DESCRIPTION_TOO_LARGE`
   */
  admitVersion(target: VersionTarget, admitted: Admitted): Promise<VersionRecord>;
  /**
   * Makes a PENDING version FAILED; does nothing when it has failed already.
   * @throws InvalidInputError `VERSION_NOT_PENDING` (409)
   */
  failVersion(target: VersionTarget, message: string): Promise<VersionRecord>;

  /** @throws InvalidInputError `INVALID_TAG`, `TOO_MANY_TAGS` */
  setTag(target: TagTarget, value: string): Promise<void>;
  /** Does nothing when there is no such tag. */
  deleteTag(target: TagTarget): Promise<void>;

  /**
   * Points an alias at a READY version; does nothing when it already does.
   * @throws InvalidInputError `INVALID_ALIAS`, `INVALID_VERSION`, `INVALID_REASON`, `VERSION_NOT_READY` (409),
   * `ALIAS_MOVED` (409)
   */
  setAlias(change: AliasChange): Promise<AliasMove>;
  /** Does nothing when there is no such alias. @throws InvalidInputError `INVALID_ALIAS`, `INVALID_REASON` */
  deleteAlias(target: AliasTarget): Promise<void>;
}
