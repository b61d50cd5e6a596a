import { InvalidInputError } from '../errors.ts';
import { elementCount } from '../tensor/elements.ts';
import type { ExpectedTensor } from '../tensor/expected-tensor.ts';
import { fromBytes } from '../tensor/from-bytes.ts';
import { fromJson } from '../tensor/from-json.ts';
import { quoted } from '../tensor/quoted.ts';
import type { Tensor, TensorData, TensorSpec } from '../tensor/tensor.ts';
import {
  type CallersExchange,
  REFERENCE_PARAMETER,
  type ReferencedInput,
  readReference,
} from './exchange/referenced-input.ts';
import { dataOfInput, type RequestedInput } from './inference-request.ts';
import { checkDatatype, checkShape } from './input-spec.ts';
import { integerParameter } from './parameters.ts';

/** Where the data of a request's inputs is. */
export interface InputSource {
  readonly inputs: readonly RequestedInput[];
  /** Tensors that are sent as bytes, one behind the other in the order of `inputs`. */
  readonly binary: Uint8Array;
  /** The JSON part parsed again without losing digits. */
  readonly exact: () => unknown;
  /** Where tensors are that the request refers to. */
  readonly exchange?: CallersExchange;
}

export interface RequestedTensors {
  /** By input name. */
  readonly tensors: Map<string, Tensor>;
  /** Inputs whose bytes are still to be fetched. */
  readonly referenced: readonly ReferencedInput[];
}

/**
 * Turns the inputs of a request into tensors that the model can take. Those in the exchange are checked and left there.
 *
 * @param specs the model's inputs
 * @param limit more elements than this cannot be meant: the largest request in bytes
 * @throws InvalidInputError naming the tensor: `UNKNOWN_INPUT`, `MISSING_INPUT`, `DATATYPE_MISMATCH`, `SHAPE_MISMATCH`,
 * `INVALID_REQUEST`, `DATA_SIZE_MISMATCH`, and those of `fromJson`, `fromBytes` and `readReference`
 */
export function readInputs(
  source: InputSource,
  specs: readonly TensorSpec[],
  limit: number,
): RequestedTensors {
  const specsByName = new Map(specs.map((spec) => [spec.name, spec]));
  const tensors = new Map<string, Tensor>();
  const referenced: ReferencedInput[] = [];
  let offset = 0;
  for (const [index, input] of source.inputs.entries()) {
    const label = `input ${quoted(input.name)}`;
    const spec = specsByName.get(input.name);
    if (!spec) throw unknownInput(label, specs);
    checkDatatype(input.datatype, spec, label);
    const { datatype } = spec;
    const { shape } = input;
    checkShape(shape, spec, label);
    const isReference = input.parameters.has(REFERENCE_PARAMETER);
    const most = isReference ? (source.exchange?.maxBytes ?? limit) : limit;
    const expected = { label, datatype, shape, count: countElements(shape, label, most) };
    if (isReference) {
      referenced.push(readReference(input, expected, source.exchange));
      continue;
    }
    const size = binarySize(input, expected);
    const data =
      size === undefined
        ? fromJson(expected, { data: input.data ?? [], exact: () => dataOfInput(source.exact(), index) })
        : readBinary(expected, source.binary, offset, size);
    offset += size ?? 0;
    tensors.set(input.name, { datatype, shape, data });
  }
  refuseMissing(specs, new Set(source.inputs.map(({ name }) => name)));
  if (offset < source.binary.length) {
    throw new InvalidInputError(
      'DATA_SIZE_MISMATCH',
      `Unexpected additional input data: ${source.binary.length - offset} bytes behind the last input. The sum of all "binary_data_size" must be the number of bytes behind the JSON part.`,
    );
  }
  return { tensors, referenced };
}

function countElements(shape: readonly number[], label: string, limit: number): number {
  const count = elementCount(shape, limit);
  if (count !== undefined) return count;
  throw new InvalidInputError(
    'SHAPE_MISMATCH',
    `The shape [${shape.join(', ')}] of ${label} holds more elements than a request can carry (${limit} bytes).`,
  );
}

/** The size of the input's bytes; undefined when its data is in the JSON part. */
function binarySize(input: RequestedInput, { label, count }: ExpectedTensor): number | undefined {
  const size = integerParameter(input.parameters, 'binary_data_size', label, 0);
  const isInJson = input.data !== undefined;
  if (count > 0 && (size !== undefined) === isInJson) {
    throw new InvalidInputError(
      'INVALID_REQUEST',
      `${label} must have either "data" or the parameter "binary_data_size", ${isInJson ? 'not both' : 'and has neither'}.`,
    );
  }
  return size;
}

function readBinary(expected: ExpectedTensor, binary: Uint8Array, offset: number, size: number): TensorData {
  const left = binary.length - offset;
  if (size > left) {
    throw new InvalidInputError(
      'DATA_SIZE_MISMATCH',
      `Unexpected size for ${expected.label}: "binary_data_size" is ${size}, and ${size - left} additional bytes are expected behind the JSON part. Its length is told by the header Inference-Header-Content-Length.`,
    );
  }
  return fromBytes(expected, binary.subarray(offset, offset + size));
}

function unknownInput(label: string, specs: readonly TensorSpec[]): InvalidInputError {
  const names = specs.map(({ name }) => quoted(name)).join(', ');
  return new InvalidInputError(
    'UNKNOWN_INPUT',
    `The model has no ${label}. ${names === '' ? 'It has no inputs.' : `Its inputs: ${names}.`}`,
  );
}

function refuseMissing(specs: readonly TensorSpec[], given: ReadonlySet<string>): void {
  const missing = specs.filter(({ name, optional }) => !optional && !given.has(name));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => quoted(name)).join(', ');
  throw new InvalidInputError(
    'MISSING_INPUT',
    `The request lacks the ${missing.length === 1 ? 'input' : 'inputs'} ${names}, which the model requires.`,
  );
}
