import { InvalidInputError } from '../errors.ts';
import { quoted } from '../tensor/quoted.ts';
import { DATATYPES, type TensorSpec } from '../tensor/tensor.ts';
import { unsupported } from './protocol-error.ts';

/**
 * @throws InvalidInputError `DATATYPE_MISMATCH` when the datatype is unknown or not the model's
 * @throws ProtocolError `UNSUPPORTED` 501 for BF16, which Triton knows and onnxruntime does not take here
 */
export function checkDatatype(datatype: string, spec: TensorSpec, label: string): void {
  if (datatype === spec.datatype) return;
  if (datatype === 'BF16') {
    throw unsupported(`The datatype BF16 of ${label} is not supported. The model takes ${spec.datatype}.`);
  }
  const known: readonly string[] = DATATYPES;
  throw new InvalidInputError(
    'DATATYPE_MISMATCH',
    known.includes(datatype)
      ? `The datatype of ${label} is ${datatype}; the model takes ${spec.datatype}.`
      : `The datatype ${quoted(datatype)} of ${label} is unknown. The model takes ${spec.datatype}.`,
  );
}

/** @throws InvalidInputError `SHAPE_MISMATCH` when the rank or a fixed dimension is not the model's */
export function checkShape(shape: readonly number[], spec: TensorSpec, label: string): void {
  if (fitsShape(shape, spec)) return;
  throw new InvalidInputError(
    'SHAPE_MISMATCH',
    `The shape of ${label} is ${shapeText(shape)}; the model takes ${shapeText(spec.shape)}, where -1 is any length.`,
  );
}

/** Whether rank and fixed dimensions are the model's. */
export function fitsShape(shape: readonly number[], spec: TensorSpec): boolean {
  return (
    shape.length === spec.shape.length &&
    spec.shape.every((length, dimension) => length === -1 || length === shape[dimension])
  );
}

const LONGEST = 32;

function shapeText(shape: readonly number[]): string {
  const shown = shape.slice(0, LONGEST).join(', ');
  return shape.length > LONGEST ? `[${shown}, … ${shape.length} dimensions]` : `[${shown}]`;
}
