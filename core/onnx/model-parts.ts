import type { OnnxModel } from './onnx-file.ts';
import type { GraphProto, NodeProto, TensorProto } from './schema/onnx_pb.ts';

/** What stands in a model at any depth: in the graph, in the bodies of control flow, in functions. */
export interface ModelParts {
  readonly graphs: readonly GraphProto[];
  readonly nodes: readonly NodeProto[];
  /** Every tensor with values: initializers (sparse ones too) and attributes. */
  readonly tensors: readonly TensorProto[];
}

/** Walks the whole model once. Deep nesting costs no stack. */
export function partsOf(model: OnnxModel): ModelParts {
  const nodes: NodeProto[] = [];
  const tensors: TensorProto[] = [];
  const waiting: GraphProto[] = [model.graph];
  const graphs: GraphProto[] = [];
  const visit = (node: NodeProto) => {
    nodes.push(node);
    waiting.push(...bodiesOf(node));
    for (const attribute of node.attribute) {
      tensors.push(...attribute.tensors, ...present(attribute.t));
      for (const sparse of [...attribute.sparseTensors, ...present(attribute.sparseTensor)]) {
        tensors.push(...present(sparse.values), ...present(sparse.indices));
      }
    }
  };
  for (const each of model.functions) each.node.forEach(visit);
  for (let graph = waiting.pop(); graph; graph = waiting.pop()) {
    graphs.push(graph);
    for (const tensor of graph.initializer) tensors.push(tensor);
    for (const sparse of graph.sparseInitializer) {
      tensors.push(...present(sparse.values), ...present(sparse.indices));
    }
    graph.node.forEach(visit);
  }
  return { graphs, nodes, tensors };
}

/** The graphs that a node runs: branches, bodies of loops. */
export function bodiesOf(node: NodeProto): GraphProto[] {
  return node.attribute.flatMap(({ g, graphs }) => [...present(g), ...graphs]);
}

function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}
