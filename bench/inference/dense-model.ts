import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { OnnxModel } from '../../core/onnx/onnx-file.ts';
import {
  ModelProtoSchema,
  type TensorProtoSchema,
  TensorProto_DataType as Type,
  type ValueInfoProtoSchema,
} from '../../core/onnx/schema/onnx_pb.ts';
import { writeOnnx } from '../../core/onnx/write-onnx.ts';

/**
 * An ONNX file of dense layers with ReLU between them: one input `features` of shape [n, first width], one output `score`
 * of shape [n, last width], both FP32. The weights are the same ones for the same widths.
 *
 * @param widths of the input, of what is between the layers, and of the output
 */
export function denseModel(widths: readonly number[]): Uint8Array {
  const layers = widths.slice(1).map((width, index) => ({ index, from: widths[index] ?? 0, to: width }));
  const last = layers.length - 1;
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: 'strata-bench',
    opsetImport: [{ domain: '', version: 17n }],
    graph: {
      name: 'dense',
      input: [matrix('features', widths[0] ?? 0)],
      output: [matrix('score', widths.at(-1) ?? 0)],
      initializer: layers.flatMap(({ index, from, to }) => [
        weights(`weight${index}`, [from, to], 1 / Math.sqrt(from)),
        weights(`bias${index}`, [to], 0.1),
      ]),
      node: layers.flatMap(({ index }) => {
        const input = index === 0 ? 'features' : `layer${index - 1}`;
        const sum = { opType: 'Add', input: [`product${index}`, `bias${index}`] };
        return [
          { opType: 'MatMul', input: [input, `weight${index}`], output: [`product${index}`] },
          { ...sum, output: [index === last ? 'score' : `sum${index}`] },
          ...(index === last ? [] : [{ opType: 'Relu', input: [`sum${index}`], output: [`layer${index}`] }]),
        ];
      }),
    },
  });
  return writeOnnx(model as OnnxModel);
}

function matrix(name: string, columns: number): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = [
    { value: { case: 'dimParam' as const, value: 'n' } },
    { value: { case: 'dimValue' as const, value: BigInt(columns) } },
  ];
  return {
    name,
    type: { value: { case: 'tensorType', value: { elemType: Type.FLOAT, shape: { dim } } } },
  };
}

/** Irregular numbers from -scale to scale, little-endian as the file has them. */
function weights(name: string, dims: number[], scale: number): MessageInitShape<typeof TensorProtoSchema> {
  const size = dims.reduce((product, length) => product * length, 1);
  const values = Float32Array.from({ length: size }, (_, i) => scale * Math.sin(i * 12.9898));
  return { name, dims: dims.map(BigInt), dataType: Type.FLOAT, rawData: new Uint8Array(values.buffer) };
}
