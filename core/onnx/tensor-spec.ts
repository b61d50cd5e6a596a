import { InvalidInputError } from '../errors.ts';
import type { Datatype, TensorSpec } from '../tensor/tensor.ts';
import {
  type TensorShapeProto,
  TensorProto_DataType as Type,
  type TypeProto,
  type ValueInfoProto,
} from './schema/onnx_pb.ts';

/** Open Inference Protocol datatype of each ONNX element type that it has a name for. */
const DATATYPES: ReadonlyMap<number, Datatype> = new Map([
  [Type.BOOL, 'BOOL'],
  [Type.UINT8, 'UINT8'],
  [Type.UINT16, 'UINT16'],
  [Type.UINT32, 'UINT32'],
  [Type.UINT64, 'UINT64'],
  [Type.INT8, 'INT8'],
  [Type.INT16, 'INT16'],
  [Type.INT32, 'INT32'],
  [Type.INT64, 'INT64'],
  [Type.FLOAT16, 'FP16'],
  [Type.FLOAT, 'FP32'],
  [Type.DOUBLE, 'FP64'],
  [Type.STRING, 'BYTES'],
]);

/**
 * Reads an input of the graph.
 *
 * @throws InvalidInputError `UNSUPPORTED_TENSOR_TYPE` when it is no tensor of a datatype above, or has no known rank.
 */
export function inputSpec(value: ValueInfoProto, optional: boolean): TensorSpec {
  const { datatype, shape } = tensorType('input', value);
  if (!shape) {
    throw unsupported(
      'input',
      value,
      'does not say how many dimensions it has; declare its shape when you export',
    );
  }
  return { name: value.name, datatype, shape: dimensions(shape), ...(optional && { optional }) };
}

/**
 * Reads an output of the graph. An output of which the file does not say the rank is described as `[-1]`: exporters leave
 * it out where it depends on the input.
 *
 * @throws InvalidInputError `UNSUPPORTED_TENSOR_TYPE`
 */
export function outputSpec(value: ValueInfoProto): TensorSpec {
  const { datatype, shape } = tensorType('output', value);
  return { name: value.name, datatype, shape: shape ? dimensions(shape) : [-1] };
}

type Side = 'input' | 'output';

function tensorType(side: Side, value: ValueInfoProto): { datatype: Datatype; shape?: TensorShapeProto } {
  const declared = value.type?.value;
  if (declared?.case !== 'tensorType') {
    throw unsupported(side, value, `is ${KINDS[declared?.case ?? 'none']}. ${ADVICE}`);
  }
  const type = declared.value;
  const datatype = DATATYPES.get(type.elemType);
  if (!datatype) {
    const name = Type[type.elemType] ?? `number ${type.elemType}`;
    throw unsupported(
      side,
      value,
      `has the element type ${name}, which the Open Inference Protocol cannot carry; add a Cast, for example to FLOAT`,
    );
  }
  return { datatype, ...(type.shape && { shape: type.shape }) };
}

const ADVICE =
  'Only tensors can be served: export scikit-learn classifiers with options={"zipmap": False}, and let other models end in plain tensors';

const KINDS: Readonly<
  Record<Exclude<TypeProto['value']['case'], 'tensorType' | undefined> | 'none', string>
> = {
  none: 'of no declared type',
  sequenceType: 'a sequence',
  mapType: 'a map',
  optionalType: 'an optional',
  sparseTensorType: 'a sparse tensor',
  opaqueType: 'of an opaque type',
};

function unsupported(side: Side, value: ValueInfoProto, what: string): InvalidInputError {
  return new InvalidInputError('UNSUPPORTED_TENSOR_TYPE', `The model's ${side} "${value.name}" ${what}.`);
}

function dimensions(shape: TensorShapeProto): number[] {
  return shape.dim.map(({ value }) =>
    value.case === 'dimValue' && value.value >= 0n ? Number(value.value) : -1,
  );
}
