import type { GraphBuilder } from './graph-builder.ts';

export interface ConvolutionShape {
  readonly from: number;
  readonly to: number;
  readonly kernel: number;
  readonly stride?: number;
  /** `from` for a depthwise convolution. */
  readonly groups?: number;
  /** What the normalisation multiplies by, about: below 1 at the end of a residual block, so that their sums stay small. */
  readonly gain?: number;
}

/** A convolution and its batch normalisation, apart, as exporters leave them: folding one into the other is the optimiser's. */
export function convolution(
  graph: GraphBuilder,
  x: string,
  { from, to, kernel, stride = 1, groups = 1, gain = 1 }: ConvolutionShape,
): string {
  const rows = (from / groups) * kernel * kernel;
  const edge = BigInt(Math.floor(kernel / 2));
  const product = graph.node(
    'Conv',
    [x, graph.weight([to, from / groups, kernel, kernel], Math.sqrt(2 / rows))],
    {
      dilations: [1n, 1n],
      group: BigInt(groups),
      kernel_shape: [BigInt(kernel), BigInt(kernel)],
      pads: [edge, edge, edge, edge],
      strides: [BigInt(stride), BigInt(stride)],
    },
  );
  const [scale, variance] = [graph.weight([to], 0.1, gain), graph.weight([to], 0.1, 1)];
  const [bias, mean] = [graph.weight([to], 0.1), graph.weight([to], 0.1)];
  return graph.node('BatchNormalization', [product, scale, bias, mean, variance], {
    epsilon: 1e-5,
    momentum: 0.9,
  });
}

/** The end of a network for pictures: the mean over all places, and a score for each of a thousand classes. */
export function classes(graph: GraphBuilder, x: string, channels: number): Uint8Array {
  const pooled = graph.node('Flatten', [graph.node('GlobalAveragePool', [x])], { axis: 1n });
  const weights = [graph.matrix([1000, channels], channels), graph.weight([1000], 0.1)];
  graph.node('Gemm', [pooled, ...weights], { transB: 1n }, 'logits');
  return graph.model(
    [{ name: 'image', type: 'FLOAT', shape: ['batch', 3, 224, 224] }],
    [{ name: 'logits', type: 'FLOAT', shape: ['batch', 1000] }],
  );
}
