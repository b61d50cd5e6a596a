import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareOutputs } from '../../../../core/onnx/compare-outputs.ts';
import { toHalf } from '../../../../core/tensor/half.ts';
import type { Datatype, Tensor, TensorData } from '../../../../core/tensor/tensor.ts';

const EXACT = { absolute: 0, relative: 0 };

function tensor(datatype: Datatype, data: TensorData, shape = [data.length]): Tensor {
  return { datatype, shape, data };
}

function compare(expected: Tensor, actual: Tensor | undefined, tolerance = EXACT) {
  const outputs = (each: Tensor | undefined) => new Map(each ? [['y', each]] : []);
  return compareOutputs([[outputs(expected), outputs(actual)]], tolerance);
}

const fp32 = (...values: number[]) => tensor('FP32', Float32Array.from(values));

describe('outputs that are compared', () => {
  it('agree when they are the same, NaN and infinities included', () => {
    const same = fp32(1, -2, Number.NaN, Number.POSITIVE_INFINITY, 0);
    expect(compare(same, same)).toEqual({ maxAbsolute: 0, minCosine: 1, equalShare: 1, agrees: true });
  });

  it('differ by the largest distance, and say where', () => {
    const difference = compare(fp32(1, 2, 3), fp32(1, 2.5, 3.25));
    expect(difference).toMatchObject({ maxAbsolute: 0.5, agrees: false });
    expect(difference.reason).toBe('element 1 of "y" is 2.5, not 2');
  });

  it('agree within an absolute and a relative tolerance', () => {
    expect(compare(fp32(100), fp32(101), { absolute: 0.5, relative: 0.005 }).agrees).toBe(true);
    expect(compare(fp32(100), fp32(101), { absolute: 0.4, relative: 0.005 }).agrees).toBe(false);
  });

  it.each([
    [Number.NaN, 1],
    [1, Number.NaN],
    [Number.POSITIVE_INFINITY, 1],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ])('do not agree where one is %d and the other %d, whatever the tolerance', (expected, actual) => {
    const difference = compare(fp32(expected), fp32(actual), { absolute: 1e30, relative: 1 });
    expect(difference).toMatchObject({ agrees: false, maxAbsolute: Number.POSITIVE_INFINITY });
  });

  it('do not agree in another shape, another type or when one is missing', () => {
    expect(compare(fp32(1, 2), { ...fp32(1, 2), shape: [1, 2] }).reason).toBe(
      'the output "y" is FP32 [1, 2], not FP32 [2]',
    );
    expect(compare(fp32(1), tensor('FP64', Float64Array.of(1))).agrees).toBe(false);
    expect(compare(fp32(1), undefined).reason).toBe('the output "y" is missing');
  });

  it('count equal elements where they are no floating-point numbers', () => {
    const difference = compare(tensor('BYTES', ['a', 'b', 'c', 'd']), tensor('BYTES', ['a', 'b', 'c', 'x']));
    expect(difference).toMatchObject({ equalShare: 0.75, agrees: false, maxAbsolute: 0, minCosine: 1 });
    expect(difference.reason).not.toContain('x');
    expect(compare(tensor('INT64', BigInt64Array.of(5n)), tensor('INT64', BigInt64Array.of(5n))).agrees).toBe(
      true,
    );
  });

  it('are read as halves where they are halves', () => {
    const half = (value: number) => tensor('FP16', Uint16Array.of(toHalf(value)));
    expect(compare(half(1), half(1.5)).maxAbsolute).toBe(0.5);
  });

  it('have the worst of several samples', () => {
    const pair = (a: number, b: number) => [new Map([['y', fp32(a)]]), new Map([['y', fp32(b)]])] as const;
    const difference = compareOutputs([pair(1, 1), pair(1, 3), pair(1, 2)], { absolute: 9, relative: 0 });
    expect(difference).toMatchObject({ maxAbsolute: 2, agrees: true });
  });

  it('have a cosine of 1 with every positive multiple, and -1 with every negative one, however large', () => {
    const values = fc.array(fc.double({ min: -1e150, max: 1e150, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.double({ min: 1e-100, max: 1e100, noNaN: true }), (numbers, factor) => {
        fc.pre(numbers.some((each) => Math.abs(each) > 1e-50));
        const expected = tensor('FP64', Float64Array.from(numbers));
        const times = (by: number) =>
          tensor(
            'FP64',
            Float64Array.from(numbers, (each) => each * by),
          );
        expect(compare(expected, times(factor)).minCosine).toBeCloseTo(1, 9);
        expect(compare(expected, times(-factor)).minCosine).toBeCloseTo(-1, 9);
      }),
    );
  });
});
