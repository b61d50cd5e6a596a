import { GraphBuilder } from './graph-builder.ts';

const WIDTHS = [256, 512, 400, 160, 10] as const;

/** A multilayer perceptron as torch exports one: 0.4 million weights, 1.6 MB. */
export function perceptron(): Uint8Array {
  const graph = new GraphBuilder();
  let x = 'features';
  for (const [layer, width] of WIDTHS.slice(1).entries()) {
    const before = WIDTHS[layer] ?? 0;
    const product = graph.node(
      'Gemm',
      [x, graph.matrix([width, before], before), graph.weight([width], 0.1)],
      {
        transB: 1n,
      },
    );
    x = layer === WIDTHS.length - 2 ? product : graph.node('Relu', [product]);
  }
  graph.node('Softmax', [x], { axis: -1n }, 'probabilities');
  return graph.model(
    [{ name: 'features', type: 'FLOAT', shape: ['batch', WIDTHS[0]] }],
    [{ name: 'probabilities', type: 'FLOAT', shape: ['batch', 10] }],
  );
}
