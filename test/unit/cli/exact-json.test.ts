import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExactly, stringifyExactly } from '../../../cli/exact-json.ts';

describe('exact JSON', () => {
  it('keeps every digit of a 64-bit integer', () => {
    const text = '{"x":[9007199254740993,-9223372036854775808,18446744073709551615]}';
    expect(parseExactly(text)).toEqual({
      x: [9007199254740993n, -9223372036854775808n, 18446744073709551615n],
    });
    expect(stringifyExactly(parseExactly(text))).toBe(text);
  });

  it('leaves numbers, fractions and exponents to JSON', () => {
    expect(parseExactly('[1, 0.5, 1e20, -0]')).toEqual([1, 0.5, 1e20, -0]);
  });

  it('gives every text back as JSON.stringify writes it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(stringifyExactly(parseExactly(text))).toBe(text);
      }),
    );
  });

  it('is the identity on integers of any size', () => {
    fc.assert(
      fc.property(fc.bigInt(), (integer) => {
        expect(stringifyExactly(parseExactly(`[${integer}]`))).toBe(`[${integer}]`);
      }),
    );
  });
});
