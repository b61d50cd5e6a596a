import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementBytes, elementCount } from '../../../../core/tensor/elements.ts';
import { DATATYPES } from '../../../../core/tensor/tensor.ts';

describe('elementBytes', () => {
  it('is the size that the protocol gives each datatype', () => {
    expect(Object.fromEntries(DATATYPES.map((datatype) => [datatype, elementBytes(datatype)]))).toEqual({
      BOOL: 1,
      UINT8: 1,
      UINT16: 2,
      UINT32: 4,
      UINT64: 8,
      INT8: 1,
      INT16: 2,
      INT32: 4,
      INT64: 8,
      FP16: 2,
      FP32: 4,
      FP64: 8,
      BYTES: undefined,
    });
  });
});

describe('elementCount', () => {
  it('is 1 for a scalar and 0 when a dimension is empty', () => {
    expect(elementCount([])).toBe(1);
    expect(elementCount([3, 0, 2])).toBe(0);
  });

  it('is the exact product, or undefined beyond the limit', () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeNat(), { maxLength: 6 }), fc.maxSafeNat(), (shape, limit) => {
        const factors = shape.filter((length) => length !== 0).map(BigInt);
        const product = factors.reduce((a, b) => a * b, 1n);
        const expected = factors.length < shape.length ? 0 : Number(product);
        expect(elementCount(shape, Math.max(1, limit))).toBe(
          product > BigInt(Math.max(1, limit)) ? undefined : expected,
        );
      }),
    );
  });

  it('counts the lengths beside an empty dimension against the limit, since results may have them', () => {
    expect(elementCount([2 ** 40, 0], 1000)).toBeUndefined();
    expect(elementCount([1000, 0], 1000)).toBe(0);
  });

  it('does not overflow to infinity, nor back to a small number', () => {
    expect(elementCount(Array.from({ length: 40 }, () => Number.MAX_SAFE_INTEGER))).toBeUndefined();
    expect(elementCount([2 ** 32, 2 ** 32])).toBeUndefined();
  });
});
