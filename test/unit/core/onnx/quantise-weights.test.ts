import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LARGEST,
  quantiseMatrix,
  quantiseTable,
  transpose,
  type WeightBits,
} from '../../../../core/onnx/quantise-weights.ts';

const bits = fc.constantFrom<WeightBits>(7, 8);
const weight = fc.float({ min: Math.fround(-1e6), max: Math.fround(1e6), noNaN: true });
const matrix = fc
  .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 8 }))
  .chain(([rows, columns]) =>
    fc.tuple(
      fc.array(weight, { minLength: rows * columns, maxLength: rows * columns }),
      fc.constant(columns),
    ),
  );

describe('quantised weights', () => {
  it('are half a step at most from what they stand for, column by column', () => {
    fc.assert(
      fc.property(matrix, bits, ([values, columns], width) => {
        const { integers, scales } = quantiseMatrix(Float32Array.from(values), columns, width);
        for (const [index, value] of values.entries()) {
          const scale = scales[index % columns] as number;
          const error = Math.abs((integers[index] as number) * scale - value);
          // Scales are rounded to floats, which a value of 127 steps notices.
          expect(error).toBeLessThanOrEqual(scale * 0.5001 + 1e-38);
        }
      }),
    );
  });

  it('use the range that their bits give, and no more', () => {
    fc.assert(
      fc.property(fc.array(weight, { minLength: 1 }), bits, (values, width) => {
        const { integers, scale } = quantiseTable(Float32Array.from(values), width);
        const largest = Math.max(...integers.map(Math.abs));
        expect(largest).toBeLessThanOrEqual(LARGEST[width]);
        // Of weights that are next to zero nothing is left to spread.
        const fillsRange = largest === LARGEST[width] || Math.max(...values.map(Math.abs)) <= 1e-30;
        expect(fillsRange).toBe(true);
        expect(scale).toBeGreaterThan(0);
      }),
    );
  });

  it('leave zero as it is, also where all are zero', () => {
    expect(quantiseTable(Float32Array.of(0, 5), 8).integers[0]).toBe(0);
    expect(quantiseTable(new Float32Array(3), 8)).toEqual({ integers: new Int8Array(3), scale: 1 });
  });

  it('never let two products with an 8-bit input leave 16 bits when reduced to 7', () => {
    expect(2 * 255 * LARGEST[7]).toBeLessThan(2 ** 15);
    expect(2 * 255 * LARGEST[8]).toBeGreaterThan(2 ** 15);
  });

  it('turn into columns what stands in rows, and back', () => {
    expect(transpose(Float32Array.of(1, 2, 3, 4, 5, 6), 3)).toEqual(Float32Array.of(1, 4, 2, 5, 3, 6));
    fc.assert(
      fc.property(matrix, ([values, columns]) => {
        const floats = Float32Array.from(values);
        expect(transpose(transpose(floats, columns), values.length / columns)).toEqual(floats);
      }),
    );
  });
});
