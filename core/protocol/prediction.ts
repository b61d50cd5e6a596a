import type { Principal } from '../access/principal.ts';
import type { ModelVersion } from '../registry/model-version.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Where the time of one inference went, in milliseconds. */
export interface PredictionLatency {
  /** Finding the version in the registry. */
  readonly resolve: number;
  /** Reading and checking the request. */
  readonly decode: number;
  /** Loading the model: next to nothing when it is warm. */
  readonly load: number;
  readonly run: number;
  readonly encode: number;
}

/** One answered inference: what logs, metrics and monitoring are made from. */
export interface Prediction {
  readonly predictionId: string;
  readonly requestId: string;
  readonly principal: Principal;
  readonly version: ModelVersion;
  /** Tensors by input name. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** Tensors by output name, those that were asked for, before classification. */
  readonly outputs: ReadonlyMap<string, Tensor>;
  readonly latency: PredictionLatency;
  readonly responseBytes: number;
}
