import type { Tensor as RuntimeTensor } from 'onnxruntime-node';
import { InvalidInputError } from '../errors.ts';
import type { Datatype, Tensor, TensorData } from '../tensor/tensor.ts';
import type { Runtime } from './load-runtime.ts';

const TYPES = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
} as const satisfies Record<Datatype, RuntimeTensor.Type>;

const DATATYPES = new Map<RuntimeTensor.Type, Datatype>(
  Object.entries(TYPES).map(([datatype, type]) => [type, datatype as Datatype]),
);

/**
 * Hands a tensor to the runtime without copying it.
 *
 * @param name the input, for the message
 * @throws InvalidInputError `INFERENCE_FAILED` for a string with a NUL character: the runtime would cut it there, silently.
 */
export function toRuntime(runtime: Runtime, name: string, { datatype, shape, data }: Tensor): RuntimeTensor {
  const type = TYPES[datatype];
  if (type === 'float16') return halfPrecision(name, shape, data as Uint16Array);
  if (type === 'string') refuseNul(name, data as string[]);
  return new runtime.Tensor(type as 'string', data as string[], shape);
}

/**
 * The class would turn the half bits into a Float16Array where JavaScript has one, and the native side (built for Node-API
 * version 6) reads such an array as empty. It takes any object with the class's properties.
 */
function halfPrecision(name: string, shape: readonly number[], data: Uint16Array): RuntimeTensor {
  const size = shape.reduce((product, length) => product * length, 1);
  if (data.length !== size) {
    throw new InvalidInputError(
      'INFERENCE_FAILED',
      `The input "${name}" has ${data.length} elements and the shape [${shape.join(', ')}].`,
    );
  }
  return { type: 'float16', dims: shape, size, location: 'cpu', data } as unknown as RuntimeTensor;
}

function refuseNul(name: string, data: readonly string[]): void {
  const index = data.findIndex((text) => text.includes('\0'));
  if (index < 0) return;
  throw new InvalidInputError(
    'INFERENCE_FAILED',
    `Element ${index} of the input "${name}" holds a NUL character, which onnxruntime cannot carry. Remove it.`,
  );
}

/** Takes a tensor from the runtime without copying it. */
export function fromRuntime({ type, dims, data }: RuntimeTensor): Tensor {
  const datatype = DATATYPES.get(type);
  if (!datatype) throw new TypeError(`onnxruntime gave a tensor of type ${type}`);
  const shape = [...dims];
  if (datatype !== 'FP16') return { datatype, shape, data: data as TensorData };
  const half = data as Uint16Array;
  return { datatype, shape, data: new Uint16Array(half.buffer, half.byteOffset, half.length) };
}
