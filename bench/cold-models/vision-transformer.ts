import { attention, feedForward, layerNorm, WIDTH } from './attention.ts';
import { GraphBuilder } from './graph-builder.ts';

const LAYERS = 7;
const HEADS = 6;
const PATCH = 16;
const PATCHES = (224 / PATCH) ** 2;

/** A vision transformer of the width of DeiT-Small with seven of its twelve layers: 13.2 million weights, 53 MB. */
export function visionTransformer(): Uint8Array {
  const graph = new GraphBuilder();
  let x = graph.node('Add', [
    withClassToken(graph, patches(graph)),
    graph.weight([1, PATCHES + 1, WIDTH], 0.1),
  ]);
  for (let layer = 0; layer < LAYERS; layer += 1) {
    x = graph.node('Add', [x, attention(graph, layerNorm(graph, x), { heads: HEADS })]);
    x = graph.node('Add', [x, feedForward(graph, layerNorm(graph, x))]);
  }
  const first = graph.node('Gather', [layerNorm(graph, x), graph.integer(0)], { axis: 1n });
  const head = [graph.matrix([1000, WIDTH], WIDTH), graph.weight([1000], 0.1)];
  graph.node('Gemm', [first, ...head], { transB: 1n }, 'logits');
  return graph.model(
    [{ name: 'image', type: 'FLOAT', shape: ['batch', 3, 224, 224] }],
    [{ name: 'logits', type: 'FLOAT', shape: ['batch', 1000] }],
  );
}

/** One row for each square of the picture. */
function patches(graph: GraphBuilder): string {
  const size = BigInt(PATCH);
  const weights = [graph.matrix([WIDTH, 3, PATCH, PATCH], 3 * PATCH * PATCH), graph.weight([WIDTH], 0.1)];
  const squares = graph.node('Conv', ['image', ...weights], {
    kernel_shape: [size, size],
    strides: [size, size],
  });
  const rows = graph.node('Reshape', [squares, graph.integers([0, WIDTH, PATCHES])]);
  return graph.node('Transpose', [rows], { perm: [0n, 2n, 1n] });
}

function withClassToken(graph: GraphBuilder, x: string): string {
  const batch = graph.node('Gather', [graph.node('Shape', [x]), graph.integers([0])], { axis: 0n });
  const shape = graph.node('Concat', [batch, graph.integers([1, WIDTH])], { axis: 0n });
  const token = graph.node('Expand', [graph.weight([1, 1, WIDTH], 0.1), shape]);
  return graph.node('Concat', [token, x], { axis: 1n });
}
