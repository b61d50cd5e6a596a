import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProtoSchema,
  AttributeProto_AttributeType as Kind,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  TensorProto_DataType as Type,
  type ValueInfoProtoSchema,
} from '../../core/onnx/schema/onnx_pb.ts';

/** A whole number is a `bigint`, a float a `number`: ONNX tells them apart. */
type AttributeValue = bigint | number | readonly bigint[];

/** An input or output; a length that is a text is free, and has that name. */
export interface Value {
  readonly name: string;
  readonly type: 'FLOAT' | 'INT64';
  readonly shape: readonly (number | string)[];
}

/** Before 17, which is where exporters stop writing layer normalisation in its parts. */
const OPSET = 14n;

/** Writes a model node by node. Weights are random and the same ones each time: what they are changes no speed. */
export class GraphBuilder {
  readonly #nodes: MessageInitShape<typeof NodeProtoSchema>[] = [];
  readonly #weights: MessageInitShape<typeof TensorProtoSchema>[] = [];
  #state = 1;

  /** @returns name of the output */
  node(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    output = `${opType}_${this.#nodes.length}`,
  ): string {
    this.#nodes.push({
      name: `node_${output}`,
      opType,
      input: [...input],
      output: [output],
      attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    });
    return output;
  }

  /** Random numbers around `mean`, uniformly spread, with this standard deviation. */
  weight(dims: readonly number[], deviation: number, mean = 0): string {
    const size = dims.reduce((product, length) => product * length, 1);
    const spread = deviation * Math.sqrt(12);
    return this.#add({
      dims,
      values: Float32Array.from({ length: size }, () => mean + spread * this.#random()),
    });
  }

  /** Weights that keep the size of what passes through a layer with `rows` inputs to each output. */
  matrix(dims: readonly number[], rows: number): string {
    return this.weight(dims, 1 / Math.sqrt(rows));
  }

  float(value: number): string {
    return this.#constant({ dataType: Type.FLOAT, floatData: [value] });
  }

  integer(value: number): string {
    return this.#constant({ dataType: Type.INT64, int64Data: [BigInt(value)] });
  }

  integers(values: readonly number[]): string {
    return this.#constant({
      dataType: Type.INT64,
      dims: [BigInt(values.length)],
      int64Data: values.map(BigInt),
    });
  }

  /** The bytes of the ONNX file. */
  model(inputs: readonly Value[], outputs: readonly Value[]): Uint8Array {
    const graph = {
      name: 'main_graph',
      node: this.#nodes,
      initializer: this.#weights,
      input: inputs.map(valueInfo),
      output: outputs.map(valueInfo),
    };
    const opsetImport = [{ domain: '', version: OPSET }];
    const model = create(ModelProtoSchema, {
      irVersion: 8n,
      producerName: 'strata-bench',
      opsetImport,
      graph,
    });
    return toBinary(ModelProtoSchema, model);
  }

  #add({ dims, values }: { dims: readonly number[]; values: Float32Array }): string {
    const name = `weight_${this.#weights.length}`;
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#weights.push({ name, dims: dims.map(BigInt), dataType: Type.FLOAT, rawData });
    return name;
  }

  /** As exporters write small ones: a node. */
  #constant(t: MessageInitShape<typeof TensorProtoSchema>): string {
    const output = `Constant_${this.#nodes.length}`;
    const value = { name: 'value', type: Kind.TENSOR, t };
    this.#nodes.push({ name: `node_${output}`, opType: 'Constant', output: [output], attribute: [value] });
    return output;
  }

  /** From -0.5 to 0.5. Source of the constants: Numerical Recipes, "quick and dirty generators". */
  #random(): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return this.#state / 2 ** 32 - 0.5;
  }
}

function attribute(name: string, value: AttributeValue): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === 'bigint') return { name, type: Kind.INT, i: value };
  if (typeof value === 'number') return { name, type: Kind.FLOAT, f: value };
  return { name, type: Kind.INTS, ints: [...value] };
}

function valueInfo({ name, type, shape }: Value): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = shape.map((length) => ({
    value:
      typeof length === 'string'
        ? { case: 'dimParam' as const, value: length }
        : { case: 'dimValue' as const, value: BigInt(length) },
  }));
  return {
    name,
    type: { value: { case: 'tensorType', value: { elemType: Type[type], shape: { dim } } } },
  };
}
