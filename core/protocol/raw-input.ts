import { InvalidInputError } from '../errors.ts';
import { elementBytes } from '../tensor/elements.ts';
import { bareString, fromBytes } from '../tensor/from-bytes.ts';
import { quoted } from '../tensor/quoted.ts';
import type { Tensor, TensorSpec } from '../tensor/tensor.ts';

/**
 * Reads a body that is nothing but the bytes of the model's only input (a JSON part of length 0).
 *
 * The shape is the model's; its one free dimension follows from the number of bytes. BYTES of shape [1] is the bare
 * element, without a length before it.
 * Source: Triton's binary tensor data extension, "Raw Binary Request".
 *
 * @throws InvalidInputError `RAW_REQUEST_NOT_POSSIBLE` when the model's inputs do not determine the shape;
 * `DATA_SIZE_MISMATCH`, `INVALID_ELEMENT`
 */
export function readRawInput(bytes: Uint8Array, specs: readonly TensorSpec[]): Map<string, Tensor> {
  const required = specs.filter(({ optional }) => !optional);
  const [spec] = required;
  if (!spec || required.length > 1)
    throw notPossible(`The model requires ${required.length} inputs, not one.`);
  const { name, datatype } = spec;
  const label = `input ${quoted(name)}`;
  const size = elementBytes(datatype);
  if (size === undefined) {
    if (spec.shape.length !== 1 || spec.shape[0] !== 1) {
      throw notPossible(`BYTES as ${label} would need the shape [1], and has [${spec.shape.join(', ')}].`);
    }
    const data = bareString({ label, datatype, shape: [1], count: 1 }, bytes);
    return new Map([[name, { datatype, shape: [1], data }]]);
  }
  const shape = shapeFor(bytes.length / size, spec, label);
  const count = shape.reduce((product, length) => product * length, 1);
  const data = fromBytes({ label, datatype, shape, count }, bytes);
  return new Map([[name, { datatype, shape, data }]]);
}

/** @param elements how many there are in the body; not an integer when the body is not whole elements */
function shapeFor(elements: number, { shape }: TensorSpec, label: string): number[] {
  const free = shape.filter((length) => length === -1).length;
  if (free > 1) throw notPossible(`The shape [${shape.join(', ')}] of ${label} has ${free} free dimensions.`);
  const fixed = shape.reduce((product, length) => (length === -1 ? product : product * length), 1);
  const length = fixed === 0 ? 0 : Math.ceil(elements / fixed);
  return shape.map((declared) => (declared === -1 ? length : declared));
}

function notPossible(reason: string): InvalidInputError {
  return new InvalidInputError(
    'RAW_REQUEST_NOT_POSSIBLE',
    `A body without a JSON part does not say which tensor it is. ${reason} Send a JSON part, and its length as Inference-Header-Content-Length.`,
  );
}
