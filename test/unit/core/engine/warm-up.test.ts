import { describe, expect, it } from 'vitest';
import { warmUpInputs } from '../../../../core/engine/warm-up.ts';
import { describeModel } from '../../../../core/onnx/describe-model.ts';
import { TensorProto_DataType as Type } from '../../../../core/onnx/schema/onnx_pb.ts';
import type { Datatype, TensorSpec } from '../../../../core/tensor/tensor.ts';
import { int, model, node, value } from '../../../support/models/graph-building.ts';
import { modelVersion } from '../protocol/in-memory.ts';

const inputsOf = (...inputs: TensorSpec[]) => warmUpInputs(modelVersion('m', inputs).description);
const spec = (datatype: Datatype, ...shape: number[]): TensorSpec => ({ name: 'x', datatype, shape });

describe('the first run of a model', () => {
  it('is of zeros, with every free dimension 1', () => {
    expect(inputsOf(spec('FP32', -1, 3)).get('x')).toEqual({
      datatype: 'FP32',
      shape: [1, 3],
      data: new Float32Array(3),
    });
    expect(inputsOf(spec('INT64', -1, 2)).get('x')?.data).toEqual(new BigInt64Array(2));
    expect(inputsOf(spec('BYTES', -1)).get('x')?.data).toEqual(['']);
  });

  it.each([{ shape: [] }, { shape: [1] }])(
    'has 1 where an input is a single integer, $shape: a count, a length or a step',
    ({ shape }) => {
      expect(inputsOf(spec('INT64', ...shape)).get('x')?.data).toEqual(BigInt64Array.of(1n));
      expect(inputsOf(spec('UINT8', ...shape)).get('x')?.data).toEqual(Uint8Array.of(1));
      expect(inputsOf(spec('FP32', ...shape)).get('x')?.data).toEqual(Float32Array.of(0));
    },
  );

  it('leaves out what has a default', () => {
    expect(inputsOf({ ...spec('FP32', 1), optional: true }).size).toBe(0);
  });

  it('of a Fourier transform whose length is an input is no transform of length 0, which onnxruntime never ends', () => {
    const bytes = model(
      {
        node: [node('DFT', ['x', 'length'], 'y', [int('axis', 1), int('onesided', 0)])],
        input: [value('x', Type.FLOAT, [1, 8, 1]), value('length', Type.INT64, [])],
        output: [value('y', Type.FLOAT, [1, 'n', 2])],
      },
      { opset: 17 },
    );
    expect(warmUpInputs(describeModel(bytes)).get('length')?.data).toEqual(BigInt64Array.of(1n));
  });
});
