import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { KeptWeight, QuantiseOptions, WeightUse } from './quantise-graph.ts';
import type { WeightScope } from './quantise-scope.ts';
import { QuantisedValues, type Weight } from './quantise-values.ts';
import {
  type AttributeProtoSchema,
  type GraphProto,
  AttributeProto_AttributeType as Kind,
  type NodeProto,
  NodeProtoSchema,
  TensorProto_DataType as Type,
} from './schema/onnx_pb.ts';
import { floatsOf } from './tensor-values.ts';

/** Below, the operators around an integer product cost more than it saves. */
const MIN_ELEMENTS = 1024;

/** Where a node stands, and what was written before it. */
interface Place {
  readonly scope: WeightScope;
  readonly values: QuantisedValues;
  readonly nodes: NodeProto[];
}

/** Rewrites the nodes of graphs, and keeps account of the weights. */
export class NodeRewriter {
  readonly quantised: WeightUse[] = [];
  readonly kept: KeptWeight[] = [];
  readonly #names: Set<string>;
  readonly #options: Required<QuantiseOptions>;

  /** @param names all names of the model; new ones are added */
  constructor(names: Set<string>, options: Required<QuantiseOptions>) {
    this.#names = names;
    this.#options = options;
  }

  /** @param graph changed, but for the bodies of its nodes */
  rewrite(graph: GraphProto, scope: WeightScope): void {
    const values = new QuantisedValues(graph, this.#names, this.#options.bits);
    const nodes: NodeProto[] = [];
    for (const node of graph.node) {
      if (!this.#rewriteNode(node, { scope, values, nodes })) nodes.push(node);
    }
    graph.node = nodes;
  }

  /** @returns false when the node stays as it is */
  #rewriteNode(node: NodeProto, place: Place): boolean {
    if (node.domain !== '' && node.domain !== 'ai.onnx') return false;
    switch (node.opType) {
      case 'MatMul':
        return this.#multiply(node, place, false);
      case 'Gemm':
        return isPlain(node) && this.#multiply(node, place, intOf(node, 'transB') === 1n);
      case 'Gather':
        return this.#gather(node, place);
      default:
        return false;
    }
  }

  #multiply(node: NodeProto, place: Place, transposed: boolean): boolean {
    const weight = this.#weight(node, 1, place, 2);
    if (!weight) return false;
    const [factor = '', , bias] = node.input;
    const [output = ''] = node.output;
    const matrix = place.values.matrix(weight, transposed);
    const input = place.values.input(factor, place.nodes);
    const add = appendTo(place, node.name || output);
    const sums = add('MatMulInteger', [input.integers, matrix.integers, input.zeroPoint]);
    const numbers = add('Cast', [sums], { attribute: [intAttribute('to', Type.FLOAT)] });
    // In this order the runtime recognises the pattern, and runs it as one operator.
    const scale = add('Mul', [input.scale, matrix.scale]);
    const product = add('Mul', [numbers, scale], bias ? {} : { output: [output] });
    if (bias) add('Add', [product, bias], { output: [output] });
    return true;
  }

  #gather(node: NodeProto, place: Place): boolean {
    const weight = this.#weight(node, 0, place);
    if (!weight) return false;
    const [, indices = ''] = node.input;
    const table = place.values.table(weight);
    const add = appendTo(place, node.name || (node.output[0] ?? ''));
    const integers = add('Gather', [table.integers, indices], { attribute: node.attribute });
    add('DequantizeLinear', [integers, table.scale, table.zeroPoint], { output: node.output });
    return true;
  }

  /** The constant that a node uses; undefined when it is none, or stays as it is, which is noted. */
  #weight(node: NodeProto, position: number, { scope }: Place, rank?: number): Weight | undefined {
    const name = node.input[position] ?? '';
    const tensor = scope.find(name);
    if (!tensor) return undefined;
    const use = { weight: name, operator: `${node.opType} ${JSON.stringify(node.name)}` };
    const values = floatsOf(tensor);
    const isOtherRank = rank !== undefined && tensor.dims.length !== rank;
    const reason = this.#options.keep.has(name)
      ? 'it is to be kept'
      : reasonToKeep(tensor.dataType, values, isOtherRank);
    if (reason !== undefined || !values) {
      this.kept.push({ ...use, reason: reason ?? UNREADABLE });
      return undefined;
    }
    this.quantised.push(use);
    return { name, dims: tensor.dims, values };
  }
}

const UNREADABLE = 'its values cannot be read';

function reasonToKeep(type: number, values: Float32Array | undefined, isOtherRank: boolean) {
  if (type !== Type.FLOAT) return `it is of type ${Type[type] ?? type}, not FLOAT`;
  if (isOtherRank) return 'it is not a matrix';
  if (!values) return UNREADABLE;
  if (values.length < MIN_ELEMENTS)
    return `it has ${values.length} values; below ${MIN_ELEMENTS} nothing is gained`;
  return values.every(Number.isFinite) ? undefined : 'not all of its values are finite';
}

/** Appends nodes that have one input or more and one output. */
function appendTo({ nodes, values }: Place, base: string) {
  return (opType: string, input: string[], more: MessageInitShape<typeof NodeProtoSchema> = {}): string => {
    const name = values.fresh(`${base}_${opType}`);
    const output = more.output ?? [values.fresh(`${name}_output`)];
    const node = create(NodeProtoSchema, { name, opType, input, ...more, output });
    nodes.push(node);
    return node.output[0] ?? '';
  };
}

function intAttribute(name: string, value: number): MessageInitShape<typeof AttributeProtoSchema> {
  return { name, type: Kind.INT, i: BigInt(value) };
}

/** Whether a Gemm is a product and a sum, and nothing else. */
function isPlain(node: NodeProto): boolean {
  const [alpha, beta] = ['alpha', 'beta'].map(
    (name) => node.attribute.find((each) => each.name === name)?.f ?? 1,
  );
  return alpha === 1 && (beta === 1 || !node.input[2]) && (intOf(node, 'transA') ?? 0n) === 0n;
}

function intOf({ attribute }: NodeProto, name: string): bigint | undefined {
  return attribute.find((each) => each.name === name)?.i;
}
