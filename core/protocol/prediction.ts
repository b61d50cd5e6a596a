import type { Tensor } from '../tensor/tensor.ts';

/** Where the time of one inference went, in milliseconds. */
export interface PredictionLatency {
  /** Finding the version in the registry. */
  readonly resolve: number;
  /** Reading and checking the request, tensors in the exchange included. */
  readonly decode: number;
  /** Loading the model: next to nothing when it is warm. */
  readonly load: number;
  readonly run: number;
  /** Writing the answer, tensors in the exchange included. */
  readonly encode: number;
  readonly total: number;
}

/** One answered inference, without the caller's data: it can be logged as it is. */
export interface Prediction {
  readonly predictionId: string;
  readonly requestId: string;
  /** Who asked: `Principal.id`. */
  readonly principal: string;
  readonly model: string;
  readonly version: string;
  /** SHA-256 of the model file. */
  readonly digest: string;
  readonly latencyMs: PredictionLatency;
  /** Of the body after decompression. */
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** The caller's data of one inference, for consumers that may keep it. */
export interface PredictionTensors {
  /** By input name. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** By output name, those that were asked for, before classification. */
  readonly outputs: ReadonlyMap<string, Tensor>;
}
