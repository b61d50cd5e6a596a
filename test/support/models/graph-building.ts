import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProtoSchema,
  type GraphProtoSchema,
  AttributeProto_AttributeType as Kind,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  TensorProto_DataType as Type,
  type ValueInfoProtoSchema,
} from '../../../core/onnx/schema/onnx_pb.ts';

type Node = MessageInitShape<typeof NodeProtoSchema>;
type Value = MessageInitShape<typeof ValueInfoProtoSchema>;
type Weight = MessageInitShape<typeof TensorProtoSchema>;
type Attribute = MessageInitShape<typeof AttributeProtoSchema>;

export function node(opType: string, input: string[], output: string, attribute: Attribute[] = []): Node {
  return { name: `${opType}_${output}`, opType, input, output: [output], attribute };
}

export const int = (name: string, i: number): Attribute => ({ name, type: Kind.INT, i: BigInt(i) });
export const float = (name: string, f: number): Attribute => ({ name, type: Kind.FLOAT, f });
export const ints = (name: string, values: number[]): Attribute => ({
  name,
  type: Kind.INTS,
  ints: values.map(BigInt),
});
export const graph = (name: string, g: MessageInitShape<typeof GraphProtoSchema>): Attribute => ({
  name,
  type: Kind.GRAPH,
  g,
});

/** An input or output; a length that is a text is free, and has that name. */
export function value(name: string, elemType: Type, shape: (number | string)[]): Value {
  const dim = shape.map((length) => ({
    value:
      typeof length === 'string'
        ? { case: 'dimParam' as const, value: length }
        : { case: 'dimValue' as const, value: BigInt(length) },
  }));
  return { name, type: { value: { case: 'tensorType', value: { elemType, shape: { dim } } } } };
}

export function floats(name: string, dims: number[], values: Float32Array): Weight {
  return {
    name,
    dims: dims.map(BigInt),
    dataType: Type.FLOAT,
    rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  };
}

export function integers(name: string, values: number[]): Weight {
  return { name, dims: [BigInt(values.length)], dataType: Type.INT64, int64Data: values.map(BigInt) };
}

/** Weights that keep the size of what passes through them: deviation 1 / sqrt(rows). The same ones for the same name. */
export function weights(name: string, dims: number[], deviation = 1 / Math.sqrt(dims[0] ?? 1)): Weight {
  let state = Buffer.from(name).reduce((seed, byte) => (Math.imul(seed, 31) + byte) >>> 0, 7);
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  // The sum of twelve uniform numbers is close to normal.
  const normal = () => Array.from({ length: 12 }, random).reduce((sum, each) => sum + each, -6);
  const size = dims.reduce((product, length) => product * length, 1);
  return floats(
    name,
    dims,
    Float32Array.from({ length: size }, () => deviation * normal()),
  );
}

export function model(
  parts: MessageInitShape<typeof GraphProtoSchema>,
  { opset = 17, irVersion = 8 } = {},
): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(irVersion),
      producerName: 'strata-tests',
      opsetImport: [{ domain: '', version: BigInt(opset) }],
      graph: { name: 'test', ...parts },
    }),
  );
}
