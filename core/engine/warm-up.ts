import type { ModelDescription } from '../onnx/model-description.ts';
import type { Datatype, Tensor, TensorData, TensorSpec } from '../tensor/tensor.ts';

/**
 * Inputs for a first run that nobody waits for: zeros (and empty strings), every free dimension 1. Single integers are 1:
 * they are counts, lengths and steps, and of 0 operators make nothing, or (DFT of onnxruntime 1.30) never come to an end.
 */
export function warmUpInputs({ inputs }: ModelDescription): Map<string, Tensor> {
  return new Map(inputs.filter(({ optional }) => !optional).map((spec) => [spec.name, neutral(spec)]));
}

function neutral(spec: TensorSpec): Tensor {
  const tensor = zeros(spec);
  const { datatype, data } = tensor;
  const isSingle = spec.shape.length === 0 || (spec.shape.length === 1 && spec.shape[0] === 1);
  if (!isSingle || !/INT/.test(datatype)) return tensor;
  (data as Uint8Array).fill((datatype.endsWith('INT64') ? 1n : 1) as number);
  return tensor;
}

function zeros({ datatype, shape }: TensorSpec): Tensor {
  const lengths = shape.map((length) => (length < 0 ? 1 : length));
  const size = lengths.reduce((product, length) => product * length, 1);
  return { datatype, shape: lengths, data: ZEROS[datatype](size) };
}

const ZEROS: Readonly<Record<Datatype, (size: number) => TensorData>> = {
  BOOL: (size) => new Uint8Array(size),
  UINT8: (size) => new Uint8Array(size),
  UINT16: (size) => new Uint16Array(size),
  UINT32: (size) => new Uint32Array(size),
  UINT64: (size) => new BigUint64Array(size),
  INT8: (size) => new Int8Array(size),
  INT16: (size) => new Int16Array(size),
  INT32: (size) => new Int32Array(size),
  INT64: (size) => new BigInt64Array(size),
  FP16: (size) => new Uint16Array(size),
  FP32: (size) => new Float32Array(size),
  FP64: (size) => new Float64Array(size),
  BYTES: (size) => Array.from({ length: size }, () => ''),
};
