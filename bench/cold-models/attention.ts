import type { GraphBuilder } from './graph-builder.ts';

export const WIDTH = 384;

/** `MatMul` and `Add`, as torch exports a linear layer that more than two dimensions pass through. */
export function linear(graph: GraphBuilder, x: string, from: number, to: number): string {
  return graph.node('Add', [
    graph.weight([to], 0.1),
    graph.node('MatMul', [x, graph.matrix([from, to], from)]),
  ]);
}

/** Layer normalisation in its parts. */
export function layerNorm(graph: GraphBuilder, x: string): string {
  const deviation = graph.node('Sub', [x, graph.node('ReduceMean', [x], { axes: [-1n] })]);
  const square = graph.node('Pow', [deviation, graph.float(2)]);
  const variance = graph.node('ReduceMean', [square], { axes: [-1n] });
  const root = graph.node('Sqrt', [graph.node('Add', [variance, graph.float(1e-5)])]);
  const normal = graph.node('Div', [deviation, root]);
  return graph.node('Add', [
    graph.node('Mul', [normal, graph.weight([WIDTH], 0.1, 1)]),
    graph.weight([WIDTH], 0.1),
  ]);
}

/** GELU by the error function, in its parts. */
function gelu(graph: GraphBuilder, x: string): string {
  const erf = graph.node('Erf', [graph.node('Div', [x, graph.float(Math.SQRT2)])]);
  const twice = graph.node('Mul', [x, graph.node('Add', [erf, graph.float(1)])]);
  return graph.node('Mul', [twice, graph.float(0.5)]);
}

export function feedForward(graph: GraphBuilder, x: string): string {
  return linear(graph, gelu(graph, linear(graph, x, WIDTH, 4 * WIDTH)), 4 * WIDTH, WIDTH);
}

export interface Heads {
  readonly heads: number;
  /** What is added to the scores before the softmax, if anything. */
  readonly mask?: string;
}

/** Attention of every place to every place. Shapes are worked out in the graph, since batch and length are free. */
export function attention(graph: GraphBuilder, x: string, { heads, mask }: Heads): string {
  const size = WIDTH / heads;
  const apart = (perm: readonly bigint[]) => {
    const projected = linear(graph, x, WIDTH, WIDTH);
    return graph.node('Transpose', [reshaped(graph, projected, [heads, size])], { perm });
  };
  const query = apart([0n, 2n, 1n, 3n]);
  const key = apart([0n, 2n, 3n, 1n]);
  const value = apart([0n, 2n, 1n, 3n]);
  const scores = graph.node('Div', [graph.node('MatMul', [query, key]), graph.float(Math.sqrt(size))]);
  const masked = mask === undefined ? scores : graph.node('Add', [scores, mask]);
  const mixed = graph.node('MatMul', [graph.node('Softmax', [masked], { axis: -1n }), value]);
  const together = graph.node('Transpose', [mixed], { perm: [0n, 2n, 1n, 3n] });
  return linear(graph, reshaped(graph, together, [WIDTH]), WIDTH, WIDTH);
}

/** Batch and length as they are, then these: a torch `view`, as it is exported with free dimensions. */
function reshaped(graph: GraphBuilder, x: string, last: readonly number[]): string {
  const lengths = [0, 1].map((axis) => {
    const length = graph.node('Gather', [graph.node('Shape', [x]), graph.integer(axis)], { axis: 0n });
    return graph.node('Unsqueeze', [length, graph.integers([0])]);
  });
  const shape = graph.node('Concat', [...lengths, graph.integers(last)], { axis: 0n });
  return graph.node('Reshape', [x, shape]);
}
