import { describe, expect, it } from 'vitest';
import { parseOnnx } from '../../../../core/onnx/onnx-file.ts';
import { sampleInputs } from '../../../../core/onnx/sample-inputs.ts';
import { TensorProto_DataType as Type } from '../../../../core/onnx/schema/onnx_pb.ts';
import { ARRAYS, elementCount } from '../../../../core/tensor/elements.ts';
import { DATATYPES } from '../../../../core/tensor/tensor.ts';
import { model, node, value } from '../../../support/models/graph-building.ts';
import { modelFile } from '../../../support/models/model-file.ts';

const samplesOf = (bytes: Uint8Array) => [...sampleInputs(parseOnnx(bytes))];

describe('invented inputs', () => {
  it.each(DATATYPES)('fill tensors of %s, with free dimensions of 1 and of a few', (datatype) => {
    const samples = samplesOf(modelFile(`identity_${datatype.toLowerCase()}`));
    const tensors = samples.map((sample) => sample.get('x'));
    expect(new Set(tensors.map((tensor) => tensor?.shape[0]))).toContain(1);
    expect(tensors.some((tensor) => (tensor?.shape[0] ?? 0) > 1)).toBe(true);
    for (const tensor of tensors) {
      expect(tensor?.datatype).toBe(datatype);
      expect(tensor?.data).toBeInstanceOf(datatype === 'BYTES' ? Array : ARRAYS[datatype]);
      expect(tensor?.data.length).toBe(elementCount(tensor?.shape ?? []));
    }
  });

  it('are the same each time', () => {
    const bytes = modelFile('identity_fp32');
    expect(samplesOf(bytes)).toEqual(samplesOf(bytes));
  });

  it('differ from one another', () => {
    const samples = samplesOf(modelFile('fixed')).map((sample) => String(sample.get('x')?.data));
    expect(samples.length).toBeGreaterThan(1);
    expect(new Set(samples).size).toBe(samples.length);
  });

  it('give dimensions of one name one length, wherever the batch stands', () => {
    const recurrent = model({
      input: [value('x', Type.FLOAT, ['batch', 'time']), value('state', Type.FLOAT, [2, 'batch', 8])],
      output: [value('y', Type.FLOAT, ['batch', 'time'])],
      node: [node('Identity', ['x'], 'y')],
    });
    for (const sample of samplesOf(recurrent)) {
      expect(sample.get('state')?.shape).toEqual([2, sample.get('x')?.shape[0], 8]);
    }
  });

  it('leave out inputs that have a default', () => {
    expect(samplesOf(modelFile('optional_input')).every((sample) => !sample.has('scale'))).toBe(true);
  });

  it('are never larger than a million elements', () => {
    const cube = model({
      input: [value('x', Type.FLOAT, ['a', 'b', 'c', 'd'])],
      output: [value('y', Type.FLOAT, ['a', 'b', 'c', 'd'])],
      node: [node('Identity', ['x'], 'y')],
    });
    const sizes = samplesOf(cube).map((sample) => sample.get('x')?.data.length ?? 0);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 ** 20);
    expect(sizes.length).toBeGreaterThan(4);
  });
});
