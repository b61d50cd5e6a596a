import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { OnnxModel } from '../../core/onnx/onnx-file.ts';
import {
  AttributeProto_AttributeType as Kind,
  ModelProtoSchema,
  type TensorProtoSchema,
  TensorProto_DataType as Type,
  type ValueInfoProtoSchema,
} from '../../core/onnx/schema/onnx_pb.ts';
import { writeOnnx } from '../../core/onnx/write-onnx.ts';

export interface RecurrentSize {
  /** Readings in a row, one for each step. */
  readonly steps: number;
  /** Length of the state. */
  readonly units: number;
  readonly scores: number;
}

/**
 * An ONNX file of an LSTM over a series of readings: one input `readings` of shape [n, steps], one output `scores` of
 * shape [n, scores], both FP32. Each step multiplies the state by the same weights, so that a row alone is bound by
 * memory, as most small models are, and rows together are not. The weights are the same ones for the same size.
 */
export function recurrentModel({ steps, units, scores }: RecurrentSize): Uint8Array {
  const random = uniform(7);
  const scale = 1 / Math.sqrt(units);
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: 'strata-bench',
    opsetImport: [{ domain: '', version: 17n }],
    graph: {
      name: 'recurrent',
      input: [matrix('readings', steps)],
      output: [matrix('scores', scores)],
      initializer: [
        { name: 'last_axis', dims: [1n], dataType: Type.INT64, int64Data: [2n] },
        { name: 'first_axis', dims: [1n], dataType: Type.INT64, int64Data: [0n] },
        weights('input_weights', [1, 4 * units, 1], random, 1),
        weights('state_weights', [1, 4 * units, units], random, scale),
        weights('score_weights', [units, scores], random, scale),
      ],
      node: [
        { opType: 'Transpose', input: ['readings'], output: ['by_step'] },
        { opType: 'Unsqueeze', input: ['by_step', 'last_axis'], output: ['series'] },
        {
          opType: 'LSTM',
          input: ['series', 'input_weights', 'state_weights'],
          output: ['', 'last_state'],
          attribute: [{ name: 'hidden_size', type: Kind.INT, i: BigInt(units) }],
        },
        { opType: 'Squeeze', input: ['last_state', 'first_axis'], output: ['state'] },
        { opType: 'MatMul', input: ['state', 'score_weights'], output: ['scores'] },
      ],
    },
  });
  return writeOnnx(model as OnnxModel);
}

function matrix(name: string, columns: number): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = [
    { value: { case: 'dimParam' as const, value: 'n' } },
    { value: { case: 'dimValue' as const, value: BigInt(columns) } },
  ];
  return { name, type: { value: { case: 'tensorType', value: { elemType: Type.FLOAT, shape: { dim } } } } };
}

function weights(
  name: string,
  dims: number[],
  random: () => number,
  scale: number,
): MessageInitShape<typeof TensorProtoSchema> {
  const size = dims.reduce((product, length) => product * length, 1);
  const values = Float32Array.from({ length: size }, () => scale * (2 * random() - 1));
  return { name, dims: dims.map(BigInt), dataType: Type.FLOAT, rawData: new Uint8Array(values.buffer) };
}

/** Numbers from 0 to 1. Source: Numerical Recipes, "quick and dirty" generator. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
