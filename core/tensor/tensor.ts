/**
 * Tensor datatypes by their Open Inference Protocol names.
 * Source: Open Inference Protocol (V2), "Tensor Data Types".
 */
export const DATATYPES = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const;

export type Datatype = (typeof DATATYPES)[number];

/**
 * Elements of a tensor, row-major. BOOL is a Uint8Array of 0 and 1, FP16 a Uint16Array of IEEE 754 half bits,
 * BYTES an array of strings (UTF-8 on the wire; onnxruntime carries no other bytes).
 */
export type TensorData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | string[];

export interface Tensor {
  readonly datatype: Datatype;
  /** Length of each dimension; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** As many elements as the product of `shape`. */
  readonly data: TensorData;
}

/** What a model says of one of its inputs or outputs. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  /** Length of each dimension, -1 where it is free. */
  readonly shape: readonly number[];
  /** An input that has a default in the model (an initializer of the same name, from IR version 4 on). */
  readonly optional?: boolean;
}
