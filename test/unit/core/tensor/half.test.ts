import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHalf, toHalf } from '../../../../core/tensor/half.ts';

/** What the engine of the tests' own Node does, which is the oracle here. */
function nativeHalf(value: number): number {
  return new Uint16Array(Float16Array.of(value).buffer)[0] as number;
}

const isNan = (bits: number) => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;

describe('half precision', () => {
  it('decodes all 65,536 bit patterns, and encodes each of them back', () => {
    const bits = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const decoded = Float64Array.from(bits, fromHalf);
    expect(decoded).toEqual(Float64Array.from(new Float16Array(bits.buffer)));
    const encoded = Array.from(decoded, toHalf);
    expect(encoded.every((half, i) => half === i || (isNan(half) && isNan(i)))).toBe(true);
  });

  it('rounds any double to the nearest half, ties to even', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        expect(toHalf(value)).toBe(nativeHalf(value));
      }),
    );
  });

  it('decides at the middle between two neighbours, and just beside it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x7bfe }), fc.constantFrom(-1, 0, 1), (bits, nudge) => {
        const middle = (fromHalf(bits) + fromHalf(bits + 1)) / 2;
        const value = middle * (1 + nudge * Number.EPSILON);
        expect(toHalf(value)).toBe(nativeHalf(value));
        expect(toHalf(-value)).toBe(nativeHalf(-value));
      }),
    );
  });

  it('overflows half of a step above the largest half, not before', () => {
    expect(fromHalf(toHalf(65519.99))).toBe(65504);
    expect(fromHalf(toHalf(65520))).toBe(Number.POSITIVE_INFINITY);
  });
});
