import { TensorProto_DataType as Type } from '../../../core/onnx/schema/onnx_pb.ts';
import { float, floats, int, integers, ints, model, node, value, weights } from './graph-building.ts';

const HEADS = 4;

export interface TransformerSize {
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: number;
}

/** Kilobytes, and yet every part of the large ones. */
export const SMALL: TransformerSize = { vocabulary: 500, width: 64, layers: 2 };

/**
 * An encoder as exporters write it: tokens in, a vector for each token out. Embedding by `Gather`, attention and
 * feed-forward by `MatMul` with constant weights, layer normalisation, GELU from its parts.
 */
export function transformer({ vocabulary, width, layers }: TransformerSize = SMALL): Uint8Array {
  const initializer = [
    weights('embedding', [vocabulary, width], 1),
    integers('split', [0, 0, HEADS, width / HEADS]),
    integers('join', [0, 0, width]),
    floats('root', [], Float32Array.of(Math.sqrt(width / HEADS))),
    floats('sqrt2', [], Float32Array.of(Math.SQRT2)),
    floats('one', [], Float32Array.of(1)),
    floats('half', [], Float32Array.of(0.5)),
  ];
  const nodes = [node('Gather', ['embedding', 'tokens'], 'x0')];
  for (let layer = 0; layer < layers; layer += 1) {
    const at = (name: string) => `l${layer}_${name}`;
    const linear = (input: string, name: string, rows: number, columns: number) => {
      initializer.push(weights(at(`${name}_w`), [rows, columns]), weights(at(`${name}_b`), [columns], 0.1));
      nodes.push(
        node('MatMul', [input, at(`${name}_w`)], at(`${name}_product`)),
        node('Add', [at(`${name}_product`), at(`${name}_b`)], at(name)),
      );
      return at(name);
    };
    const normalised = (input: string, name: string) => {
      initializer.push(
        floats(at(`${name}_scale`), [width], new Float32Array(width).fill(1)),
        weights(at(`${name}_bias`), [width], 0.1),
      );
      nodes.push(
        node('LayerNormalization', [input, at(`${name}_scale`), at(`${name}_bias`)], at(name), [
          int('axis', -1),
          float('epsilon', 1e-5),
        ]),
      );
      return at(name);
    };
    const input = `x${layer}`;
    const heads = ['q', 'k', 'v'].map((name) => {
      const all = linear(input, name, width, width);
      nodes.push(
        node('Reshape', [all, 'split'], at(`${name}_split`)),
        node('Transpose', [at(`${name}_split`)], at(`${name}_heads`), [
          ints('perm', name === 'k' ? [0, 2, 3, 1] : [0, 2, 1, 3]),
        ]),
      );
      return at(`${name}_heads`);
    });
    nodes.push(
      node('MatMul', [heads[0] as string, heads[1] as string], at('scores')),
      node('Div', [at('scores'), 'root'], at('scaled')),
      node('Softmax', [at('scaled')], at('attention'), [int('axis', -1)]),
      node('MatMul', [at('attention'), heads[2] as string], at('mixed')),
      node('Transpose', [at('mixed')], at('mixed_rows'), [ints('perm', [0, 2, 1, 3])]),
      node('Reshape', [at('mixed_rows'), 'join'], at('joined')),
    );
    nodes.push(node('Add', [linear(at('joined'), 'o', width, width), input], at('with_attention')));
    const middle = normalised(at('with_attention'), 'norm1');
    const up = linear(middle, 'up', width, 4 * width);
    nodes.push(
      node('Div', [up, 'sqrt2'], at('erf_in')),
      node('Erf', [at('erf_in')], at('erf')),
      node('Add', [at('erf'), 'one'], at('erf_one')),
      node('Mul', [up, at('erf_one')], at('gelu_twice')),
      node('Mul', [at('gelu_twice'), 'half'], at('gelu')),
    );
    nodes.push(node('Add', [linear(at('gelu'), 'down', 4 * width, width), middle], at('with_mlp')));
    nodes.push(node('Identity', [normalised(at('with_mlp'), 'norm2')], `x${layer + 1}`));
  }
  return model({
    input: [value('tokens', Type.INT64, ['batch', 'length'])],
    output: [value(`x${layers}`, Type.FLOAT, ['batch', 'length', width])],
    initializer,
    node: nodes,
  });
}
