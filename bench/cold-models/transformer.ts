import { attention, feedForward, layerNorm, WIDTH } from './attention.ts';
import { GraphBuilder } from './graph-builder.ts';

const LAYERS = 6;
const HEADS = 12;
const VOCABULARY = 30_522;
const POSITIONS = 512;

/** An encoder for text, of the shape of BERT with six layers: 22.6 million weights, 90 MB. */
export function transformer(): Uint8Array {
  const graph = new GraphBuilder();
  const words = graph.node('Gather', [graph.weight([VOCABULARY, WIDTH], 1), 'input_ids'], { axis: 0n });
  const kinds = graph.node('Gather', [graph.weight([2, WIDTH], 1), 'token_type_ids'], { axis: 0n });
  const places = graph.node('Gather', [graph.weight([POSITIONS, WIDTH], 1), positions(graph)], { axis: 0n });
  let x = layerNorm(graph, graph.node('Add', [graph.node('Add', [words, kinds]), places]));
  const mask = maskOf(graph);
  for (let layer = 0; layer < LAYERS; layer += 1) {
    x = layerNorm(graph, graph.node('Add', [attention(graph, x, { heads: HEADS, mask }), x]));
    x = layerNorm(graph, graph.node('Add', [feedForward(graph, x), x]));
  }
  graph.node('Identity', [x], {}, 'last_hidden_state');
  const tokens = ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => ({
    name,
    type: 'INT64' as const,
    shape: ['batch', 'length'],
  }));
  return graph.model(tokens, [
    { name: 'last_hidden_state', type: 'FLOAT', shape: ['batch', 'length', WIDTH] },
  ]);
}

/** 0, 1, ... up to the length of the input. */
function positions(graph: GraphBuilder): string {
  const shape = graph.node('Shape', ['input_ids']);
  const length = graph.node('Gather', [shape, graph.integer(1)], { axis: 0n });
  const range = graph.node('Range', [graph.integer(0), length, graph.integer(1)]);
  return graph.node('Unsqueeze', [range, graph.integers([0])]);
}

/** 0 for a token that counts, a large negative number for one that does not. */
function maskOf(graph: GraphBuilder): string {
  const wide = graph.node('Unsqueeze', ['attention_mask', graph.integers([1, 2])]);
  const inverted = graph.node('Sub', [graph.float(1), graph.node('Cast', [wide], { to: 1n })]);
  return graph.node('Mul', [inverted, graph.float(-10_000)]);
}
