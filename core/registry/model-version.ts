import type { ModelDescription } from '../onnx/model-description.ts';
import type { SignedManifest } from './signed-manifest.ts';

export type ModelVersionStatus = 'PENDING_REGISTRATION' | 'READY' | 'FAILED_REGISTRATION';

/** The stored bytes of a model version. */
export interface Artifact {
  /** SHA-256 of the ONNX file, 64 lower-case hex digits; of all files when there are several (`folderDigest`). */
  readonly digest: string;
  /** Size of all files in bytes. */
  readonly size: number;
  /** `model.onnx` and the files beside it that hold its weights, each stored under its own digest; absent for a single file. */
  readonly files?: readonly ArtifactFile[];
}

/** One of several files of a model. */
export interface ArtifactFile {
  /** Relative to the folder of the model, with forward slashes. */
  readonly name: string;
  /** SHA-256, 64 lower-case hex digits. */
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
}

/** One immutable version of a registered model. */
export interface ModelVersion {
  readonly model: string;
  /** Decimal number from 1, as a string; a number is never given twice. */
  readonly version: string;
  readonly status: ModelVersionStatus;
  readonly artifact: Artifact;
  readonly description: ModelDescription;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Id of the model, which it keeps through renames; absent for a version that was not admitted. */
  readonly modelId?: string;
  /** What admission found, signed; absent for a version that was not admitted. */
  readonly manifest?: SignedManifest;
}

/** What a list of versions tells of each. */
export interface VersionSummary extends Pick<ModelVersion, 'model' | 'version' | 'status' | 'createdAt'> {
  /** Absent for what was not admitted, and for prompts, which have no file. */
  readonly artifact?: Pick<Artifact, 'digest' | 'size'>;
}

/** A registered model with its versions (ascending) and aliases. */
export interface RegisteredModel<V extends VersionSummary = VersionSummary> {
  readonly name: string;
  readonly createdAt: string;
  readonly versions: readonly V[];
  /** Version by alias. */
  readonly aliases: Readonly<Record<string, string>>;
}
