import type { ModelVersion } from '../registry/model-version.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Who waits for an answer; an `AbortSignal` is one. */
export interface Caller {
  /** Nobody waits any longer. */
  readonly aborted: boolean;
}

/** Why a version is loaded. */
export interface LoadPurpose {
  /** The caller runs it at once: that run is the first, and nobody waits for another one before it. @default false */
  readonly runsNext?: boolean;
}

/** Runs model versions. Loads, verifies and keeps them as it needs to. */
export interface ModelRunner {
  /**
   * @param inputs tensors by input name, already checked against the model's description. Their memory may be taken: they
   * are not to be read afterwards.
   * @param outputs names of the outputs to compute
   * @param caller asked before the run begins; a run that has begun goes on when nobody waits for it any longer
   * @returns tensors by output name
   * @throws UnavailableError `DIGEST_MISMATCH`, `ARTIFACT_UNAVAILABLE`, `MODEL_LOAD_FAILED`, `OUT_OF_MEMORY`
   * @throws InvalidInputError `INFERENCE_FAILED` when the runtime refuses the values
   * @throws StrataError `MODEL_TOO_LARGE_FOR_ENDPOINT` (507) when this process can never open the model
   * @throws StrataError `OUT_OF_MEMORY` (507) when the operators get no memory for them
   */
  run(
    version: ModelVersion,
    inputs: ReadonlyMap<string, Tensor>,
    outputs: readonly string[],
    caller?: Caller,
  ): Promise<Map<string, Tensor>>;
  /** Loads and verifies the version, and makes a first run of its own unless `runsNext`. Same errors as `run`. */
  load(version: ModelVersion, purpose?: LoadPurpose): Promise<void>;
}
