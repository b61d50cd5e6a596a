import { classes, convolution } from './convolution.ts';
import { GraphBuilder } from './graph-builder.ts';

/** Expansion, channels, blocks, stride of the first. Source: Sandler et al., MobileNetV2, arXiv:1801.04381, table 2. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** MobileNetV2: 3.5 million weights, 14 MB. */
export function mobilenet(): Uint8Array {
  const graph = new GraphBuilder();
  const relu6 = (x: string) => graph.node('Clip', [x, graph.float(0), graph.float(6)]);
  let x = relu6(convolution(graph, 'image', { from: 3, to: 32, kernel: 3, stride: 2 }));
  let from = 32;
  for (const [expansion, to, blocks, firstStride] of STAGES) {
    for (let block = 0; block < blocks; block += 1) {
      const stride = block === 0 ? firstStride : 1;
      const wide = from * expansion;
      const expanded = expansion === 1 ? x : relu6(convolution(graph, x, { from, to: wide, kernel: 1 }));
      const depthwise = { from: wide, to: wide, kernel: 3, stride, groups: wide };
      const filtered = relu6(convolution(graph, expanded, depthwise));
      const projected = convolution(graph, filtered, { from: wide, to, kernel: 1 });
      x = stride === 1 && from === to ? graph.node('Add', [x, projected]) : projected;
      from = to;
    }
  }
  return classes(graph, relu6(convolution(graph, x, { from, to: 1280, kernel: 1 })), 1280);
}
