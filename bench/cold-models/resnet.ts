import { classes, convolution } from './convolution.ts';
import { GraphBuilder } from './graph-builder.ts';

/** Blocks and inner channels of each stage. Source: He et al., Deep Residual Learning, arXiv:1512.03385, table 1. */
const STAGES = [
  [3, 64],
  [4, 128],
  [6, 256],
  [3, 512],
] as const;

/** ResNet-50: 25.6 million weights, 102 MB. */
export function resnet(): Uint8Array {
  const graph = new GraphBuilder();
  const relu = (x: string) => graph.node('Relu', [x]);
  const stem = relu(convolution(graph, 'image', { from: 3, to: 64, kernel: 7, stride: 2 }));
  let x = graph.node('MaxPool', [stem], {
    kernel_shape: [3n, 3n],
    pads: [1n, 1n, 1n, 1n],
    strides: [2n, 2n],
  });
  let from = 64;
  for (const [stage, [blocks, inner]] of STAGES.entries()) {
    const to = 4 * inner;
    for (let block = 0; block < blocks; block += 1) {
      const stride = block === 0 && stage > 0 ? 2 : 1;
      const narrowed = relu(convolution(graph, x, { from, to: inner, kernel: 1 }));
      const filtered = relu(convolution(graph, narrowed, { from: inner, to: inner, kernel: 3, stride }));
      const widened = convolution(graph, filtered, { from: inner, to, kernel: 1, gain: 0.2 });
      const shortcut = block === 0 ? convolution(graph, x, { from, to, kernel: 1, stride }) : x;
      x = relu(graph.node('Add', [widened, shortcut]));
      from = to;
    }
  }
  return classes(graph, x, from);
}
