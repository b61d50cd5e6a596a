import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../../../core/tensor/from-bytes.ts';
import type { Datatype } from '../../../../core/tensor/tensor.ts';
import { toBytes } from '../../../../core/tensor/to-bytes.ts';

const hex = (digits: string) => new Uint8Array(Buffer.from(digits.replaceAll(' ', ''), 'hex'));

function read(datatype: Datatype, shape: readonly number[], bytes: Uint8Array) {
  const count = shape.reduce((product, length) => product * length, 1);
  return fromBytes({ label: 'input "x"', datatype, shape, count }, bytes);
}

const refusal = (code: string) =>
  expect.objectContaining({ code, statusCode: 400, message: expect.stringContaining('input "x"') });

describe('little-endian bytes', () => {
  it('reads and writes BYTES as the length before each text', () => {
    const bytes = hex('02000000 6162 02000000 c3bc');
    expect(read('BYTES', [2], bytes)).toEqual(['ab', 'ü']);
    expect(new Uint8Array(toBytes({ datatype: 'BYTES', shape: [2], data: ['ab', 'ü'] }))).toEqual(bytes);
  });

  it('keeps a byte order mark at the start of an element', () => {
    expect(read('BYTES', [1], hex('05000000 efbbbf 6162'))).toEqual(['\ufeffab']);
  });

  it('reads fixed-size elements without copying where they are aligned, and copies them where not', () => {
    const memory = new Uint8Array(16);
    const aligned = read('FP32', [2], memory.subarray(4, 12)) as Float32Array;
    const unaligned = read('FP32', [2], memory.subarray(5, 13)) as Float32Array;
    memory.fill(1);
    expect(aligned[0]).not.toBe(0);
    expect(unaligned[0]).toBe(0);
  });

  it('writes fixed-size elements without copying', () => {
    const data = Float64Array.of(1.5);
    expect(toBytes({ datatype: 'FP64', shape: [1], data }).buffer).toBe(data.buffer);
  });

  it.each([
    ['a byte short', 'FP32', [2], '0000803f 000080'],
    ['a byte over', 'FP32', [1], '0000803f 00'],
    ['no bytes', 'INT64', [1], ''],
    ['too short for the lengths', 'BYTES', [2], '00000000 0000'],
    ['a length beyond the end', 'BYTES', [1], '05000000 6162'],
    ['the largest length', 'BYTES', [1], 'ffffffff 6162'],
    ['a first element that swallows the second', 'BYTES', [2], '04000000 61626364'],
    ['bytes behind the last element', 'BYTES', [1], '01000000 61 00'],
  ] as const)('refuses %s: %s %j', (_case, datatype, shape, bytes) => {
    expect(() => read(datatype, shape, hex(bytes))).toThrow(refusal('DATA_SIZE_MISMATCH'));
  });

  it.each([
    ['bytes that are not UTF-8', 'BYTES', '02000000 c328'],
    ['half of a surrogate pair', 'BYTES', '03000000 eda080'],
    ['a NUL character', 'BYTES', '03000000 610062'],
    ['a BOOL that is neither 0 nor 1', 'BOOL', '02'],
  ] as const)('refuses %s', (_case, datatype, bytes) => {
    expect(() => read(datatype, [1], hex(bytes))).toThrow(refusal('INVALID_ELEMENT'));
  });
});
