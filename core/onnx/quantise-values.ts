import { create } from '@bufbuild/protobuf';
import { quantiseMatrix, quantiseTable, transpose, type WeightBits } from './quantise-weights.ts';
import {
  type GraphProto,
  type NodeProto,
  NodeProtoSchema,
  TensorProtoSchema,
  TensorProto_DataType as Type,
} from './schema/onnx_pb.ts';

/** A constant that is to be quantised. */
export interface Weight {
  readonly name: string;
  readonly dims: readonly bigint[];
  /** Row-major. */
  readonly values: Float32Array;
}

/** Names of what stands for a floating-point value. */
export interface Quantised {
  readonly integers: string;
  readonly scale: string;
  readonly zeroPoint: string;
}

/** Quantised values of one graph. Within a graph a name has one value: what is quantised once serves all. */
export class QuantisedValues {
  readonly #graph: GraphProto;
  readonly #names: Set<string>;
  readonly #bits: WeightBits;
  readonly #known = new Map<string, Quantised>();

  /**
   * @param graph gets the integers and scales of weights as initializers
   * @param names all names of the model; new ones are added
   */
  constructor(graph: GraphProto, names: Set<string>, bits: WeightBits) {
    this.#graph = graph;
    this.#names = names;
    this.#bits = bits;
  }

  /** A matrix with a scale for each column. @param transposed whether the columns stand in the rows of the weight */
  matrix({ name, dims, values }: Weight, transposed: boolean): Quantised {
    return this.#once(`matrix ${transposed} ${name}`, name, (names) => {
      const [rows, columns] = (transposed ? [...dims].reverse() : dims) as [bigint, bigint];
      const rowMajor = transposed ? transpose(values, Number(rows)) : values;
      const { integers, scales } = quantiseMatrix(rowMajor, Number(columns), this.#bits);
      // No zero point: a product takes zero where there is none.
      this.#add(names.integers, Type.INT8, [rows, columns], integers);
      this.#add(names.scale, Type.FLOAT, [columns], scales);
    });
  }

  /** A table with one scale. */
  table({ name, dims, values }: Weight): Quantised {
    return this.#once(`table ${name}`, name, (names) => {
      const { integers, scale } = quantiseTable(values, this.#bits);
      this.#add(names.integers, Type.INT8, dims, integers);
      this.#add(names.scale, Type.FLOAT, [], Float32Array.of(scale));
      this.#add(names.zeroPoint, Type.INT8, [], Int8Array.of(0));
    });
  }

  /** A value that is known when the model runs. @param nodes gets the operator that quantises it, the first time */
  input(name: string, nodes: NodeProto[]): Quantised {
    return this.#once(`input ${name}`, name, (names) => {
      nodes.push(
        create(NodeProtoSchema, {
          name: this.fresh(`${name}_DynamicQuantizeLinear`),
          opType: 'DynamicQuantizeLinear',
          input: [name],
          output: [names.integers, names.scale, names.zeroPoint],
        }),
      );
    });
  }

  /** A name that the model does not have yet. */
  fresh(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.#names.has(name); number += 1) name = `${wanted}_${number}`;
    this.#names.add(name);
    return name;
  }

  #once(key: string, name: string, make: (names: Quantised) => void): Quantised {
    const known = this.#known.get(key);
    if (known) return known;
    const names = {
      integers: this.fresh(`${name}_integers`),
      scale: this.fresh(`${name}_scale`),
      zeroPoint: this.fresh(`${name}_zero_point`),
    };
    make(names);
    this.#known.set(key, names);
    return names;
  }

  #add(name: string, dataType: Type, dims: readonly bigint[], values: Int8Array | Float32Array): void {
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#graph.initializer.push(create(TensorProtoSchema, { name, dataType, dims: [...dims], rawData }));
  }
}
