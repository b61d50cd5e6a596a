import type { GraphProto, NodeProto, TensorProto } from './schema/onnx_pb.ts';

/**
 * Names of constants as nodes of one graph see them: initializers and `Constant` nodes of the graph, and those of the
 * graphs around it that it does not hide. Source: ONNX IR specification, "Names Within a Graph".
 */
export class WeightScope {
  readonly #outer: WeightScope | undefined;
  /** Undefined where the graph gives the name to something that is not constant. */
  readonly #values = new Map<string, TensorProto | undefined>();

  constructor(graph: GraphProto, outer?: WeightScope) {
    this.#outer = outer;
    for (const tensor of graph.initializer) this.#values.set(tensor.name, tensor);
    for (const node of graph.node) {
      for (const name of node.output) this.#values.set(name, constantOf(node));
    }
    // An initializer that is an input as well is a default, which a caller may replace.
    for (const { name } of graph.input) this.#values.set(name, undefined);
  }

  /** The constant of that name; undefined when it is none. */
  find(name: string): TensorProto | undefined {
    return this.#values.has(name) ? this.#values.get(name) : this.#outer?.find(name);
  }
}

function constantOf({ opType, domain, attribute }: NodeProto): TensorProto | undefined {
  if (opType !== 'Constant' || domain !== '') return undefined;
  return attribute.find(({ name }) => name === 'value')?.t;
}
