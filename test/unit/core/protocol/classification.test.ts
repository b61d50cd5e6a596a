import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classify } from '../../../../core/protocol/classification.ts';
import type { Datatype, TensorData } from '../../../../core/tensor/tensor.ts';
import { modelVersion, serve, spec } from './in-memory.ts';

const tensor = (datatype: Datatype, shape: readonly number[], data: TensorData) => ({
  datatype,
  shape,
  data,
});
const scores = tensor('FP32', [2, 3], Float32Array.of(0.1, 8.5, 3, 1, 1, 2));

describe('classification', () => {
  it('is the highest values of each row with their positions', () => {
    expect(classify(scores, 2, 'y')).toEqual({
      datatype: 'BYTES',
      shape: [2, 2],
      data: ['8.500000:1', '3.000000:2', '2.000000:2', '1.000000:0'],
    });
  });

  it('has no more classes than there are', () => {
    expect(classify(scores, 100, 'y').shape).toEqual([2, 3]);
  });

  it('takes a tensor of one dimension as one row, and joins the dimensions behind the first', () => {
    expect(classify(tensor('INT32', [3], Int32Array.of(5, -7, 9)), 1, 'y')).toMatchObject({
      shape: [1],
      data: ['9:2'],
    });
    const cube = tensor('UINT8', [1, 2, 2], Uint8Array.of(1, 2, 9, 3));
    expect(classify(cube, 2, 'y')).toMatchObject({ shape: [1, 2], data: ['9:2', '3:3'] });
  });

  it('compares 64-bit integers by all of their digits, and puts NaN last', () => {
    const big = tensor('INT64', [2], BigInt64Array.of(9007199254740992n, 9007199254740993n));
    expect(classify(big, 1, 'y').data).toEqual(['9007199254740993:1']);
    const holes = tensor('FP64', [4], Float64Array.of(Number.NaN, 1, Number.NaN, Infinity));
    expect(classify(holes, 4, 'y').data).toEqual(['Infinity:3', '1.000000:1', 'NaN:0', 'NaN:2']);
  });

  it('of nothing is nothing', () => {
    expect(classify(tensor('FP32', [0, 3], new Float32Array(0)), 2, 'y')).toMatchObject({
      shape: [0, 0],
      data: [],
    });
    expect(classify(tensor('FP32', [2, 0], new Float32Array(0)), 2, 'y')).toMatchObject({
      shape: [2, 0],
      data: [],
    });
  });

  it('names each position at most once, in descending order of value', () => {
    fc.assert(
      fc.property(fc.int32Array({ minLength: 1 }), fc.integer({ min: 1, max: 20 }), (data, k) => {
        const { data: elements } = classify(tensor('INT32', [data.length], data), k, 'y');
        const indices = (elements as string[]).map((element) => Number(element.split(':')[1]));
        expect(new Set(indices).size).toBe(Math.min(k, data.length));
        const expected = [...data].sort((a, b) => b - a).slice(0, k);
        expect(indices.map((index) => data[index])).toEqual(expected);
      }),
    );
  });

  it.each(['BOOL', 'FP16', 'BYTES'] as const)('is refused for %s, naming the output', async (datatype) => {
    const { call } = serve([modelVersion('m', [spec('x', datatype, 1)])]);
    const data = { BOOL: [true], FP16: [1], BYTES: ['a'] }[datatype];
    const body = {
      inputs: [{ name: 'x', shape: [1], datatype, data }],
      outputs: [{ name: 'x', parameters: { classification: 1 } }],
    };
    const reply = await call('POST', '/v2/models/m/infer', { body });
    expect(reply.status).toBe(400);
    expect(reply.json).toMatchObject({
      error_code: 'CLASSIFICATION_NOT_POSSIBLE',
      error: expect.stringContaining('"x"'),
    });
  });

  it('is asked for by a parameter of the output, and can travel as bytes', async () => {
    const { call } = serve([modelVersion('m', [spec('x', 'FP32', -1, 2)])]);
    const body = {
      inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] }],
      outputs: [{ name: 'x', parameters: { classification: 1, binary_data: true } }],
    };
    const { json, raw } = await call('POST', '/v2/models/m/infer', { body });
    expect(json['outputs']).toMatchObject([{ datatype: 'BYTES', shape: [1, 1] }]);
    expect(Buffer.from(raw).subarray(4).toString()).toBe('2.000000:1');
  });
});
