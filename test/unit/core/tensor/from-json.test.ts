import { describe, expect, it } from 'vitest';
import { parseDocument } from '../../../../core/protocol/json-document.ts';
import { fromJson } from '../../../../core/tensor/from-json.ts';
import type { Datatype } from '../../../../core/tensor/tensor.ts';

function read(datatype: Datatype, shape: readonly number[], text: string) {
  const { value, exact } = parseDocument(Buffer.from(text));
  const count = shape.reduce((product, length) => product * length, 1);
  const expected = { label: 'input "x"', datatype, shape, count };
  return fromJson(expected, { data: value as unknown[], exact: () => exact() as unknown[] });
}

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, statusCode: 400, message: expect.stringMatching(message) });

describe('elements of JSON data', () => {
  it.each<[Datatype, string, ArrayLike<unknown>]>([
    ['BOOL', '[true,false,1,0]', Uint8Array.of(1, 0, 1, 0)],
    ['INT8', '[-128,127,1.0,-0]', Int8Array.of(-128, 127, 1, 0)],
    ['UINT32', '[4294967295,0,1e3,7]', Uint32Array.of(4294967295, 0, 1000, 7)],
    ['FP32', '[0.1,null,"NaN",-0]', Float32Array.of(0.1, Number.NaN, Number.NaN, -0)],
    ['FP64', '[NaN,Infinity,-Infinity,1]', Float64Array.of(Number.NaN, Infinity, -Infinity, 1)],
    ['FP16', '[1,"Infinity",null,65504]', Uint16Array.of(0x3c00, 0x7c00, 0x7e00, 0x7bff)],
    ['BYTES', '["NaN","","ü","\\ud83d\\udc27"]', ['NaN', '', 'ü', '🐧']],
  ])('%s takes %s', (datatype, text, expected) => {
    expect(read(datatype, [4], text)).toEqual(expected);
  });

  it('keeps every digit of 64-bit integers, flat and nested', () => {
    const text = '[[9007199254740993,-9223372036854775808],[9223372036854775807,-1]]';
    const expected = BigInt64Array.of(9007199254740993n, -(2n ** 63n), 2n ** 63n - 1n, -1n);
    expect(read('INT64', [2, 2], text)).toEqual(expected);
    expect(read('UINT64', [2], '[18446744073709551615,1e3]')).toEqual(
      BigUint64Array.of(2n ** 64n - 1n, 1000n),
    );
  });

  it.each<[Datatype, string]>([
    ['UINT8', '256'],
    ['UINT8', '-1'],
    ['INT8', '128'],
    ['INT16', '32768'],
    ['UINT16', '65536'],
    ['INT32', '2147483648'],
    ['UINT32', '4294967296'],
    ['INT64', '9223372036854775808'],
    ['INT64', '-9223372036854775809'],
    ['UINT64', '-1'],
    ['UINT64', '18446744073709551616'],
    ['UINT64', '99999999999999999999999999'],
    ['INT64', '9007199254740993.0'],
    ['INT64', '1e18'],
    ['FP32', '3.5e38'],
    ['FP32', '1e400'],
    ['FP64', '1e400'],
    ['FP64', '-1e400'],
    ['FP16', '65520'],
    ['FP16', '1e400'],
  ])('%s refuses %s as out of range', (datatype, literal) => {
    expect(() => read(datatype, [2], `[1,${literal}]`)).toThrow(
      refusal('ELEMENT_OUT_OF_RANGE', /Element 1 of input "x"/),
    );
  });

  it.each<[Datatype, string]>([
    ['INT8', '1.5'],
    ['INT8', 'true'],
    ['INT8', '"1"'],
    ['INT8', 'null'],
    ['INT64', '0.5'],
    ['INT64', '"9007199254740993"'],
    ['INT64', '1e400'],
    ['UINT64', 'null'],
    ['FP32', 'true'],
    ['FP32', '"1"'],
    ['FP32', '[1]'],
    ['FP32', '{"a":1}'],
    ['BOOL', '2'],
    ['BOOL', '"true"'],
    ['BOOL', 'null'],
    ['BYTES', '1'],
    ['BYTES', 'null'],
    ['BYTES', 'NaN'],
    ['BYTES', '"\\ud800"'],
    ['BYTES', '"a\\u0000b"'],
  ])('%s refuses %s as another kind of value', (datatype, literal) => {
    const first = { BYTES: '"a"', BOOL: 'true' }[datatype as string] ?? '1';
    expect(() => read(datatype, [2], `[${first},${literal}]`)).toThrow(
      refusal('INVALID_ELEMENT', /Element 1 of input "x"/),
    );
  });
});

describe('form of JSON data', () => {
  it('takes flat data for any shape, and nested data of the same shape', () => {
    const expected = Int32Array.of(1, 2, 3, 4, 5, 6);
    for (const text of ['[1,2,3,4,5,6]', '[[[1],[2],[3]],[[4],[5],[6]]]']) {
      expect(read('INT32', [2, 3, 1], text)).toEqual(expected);
    }
  });

  it('takes a scalar as an array of one', () => {
    expect(read('INT32', [], '[7]')).toEqual(Int32Array.of(7));
  });

  it.each([
    [[0], '[]'],
    [[0, 3], '[]'],
    [[2, 0], '[[],[]]'],
    [[2, 0], '[]'],
    [[2, 0, 3], '[[],[]]'],
  ])('takes an empty tensor of shape %j as %s', (shape, text) => {
    expect(read('FP32', shape, text)).toEqual(new Float32Array(0));
  });

  it.each([
    ['too few', [2, 2], '[1,2,3]'],
    ['too many', [2, 2], '[1,2,3,4,5]'],
    ['none', [2, 2], '[]'],
    ['none for a vector', [2], '[]'],
    ['an element for nothing', [0], '[1]'],
    ['transposed', [2, 3], '[[1,2],[3,4],[5,6]]'],
    ['ragged', [2, 2], '[[1,2],[3]]'],
    ['a level short', [2, 1, 2], '[[1,2],[3,4]]'],
    ['half nested', [2, 2], '[[1,2],3]'],
    ['two for a scalar', [], '[1,2]'],
  ])('refuses %s: shape %j, data %s', (_case, shape, text) => {
    expect(() => read('FP32', shape, text)).toThrow(refusal('DATA_SHAPE_MISMATCH', /input "x"/));
  });

  it('refuses an array deeper than the shape as an element', () => {
    expect(() => read('FP32', [1, 1], '[[[1]]]')).toThrow(refusal('INVALID_ELEMENT', /is an array/));
  });

  it('goes no deeper than the shape into data that is nested a hundred thousand times', () => {
    let data: unknown[] = [1];
    for (let i = 0; i < 100_000; i++) data = [data];
    const expected = { label: 'input "x"', datatype: 'FP32' as const, shape: [1, 1, 1], count: 1 };
    expect(() => fromJson(expected, { data, exact: () => data })).toThrow(
      refusal('INVALID_ELEMENT', /input "x"/),
    );
  });
});
