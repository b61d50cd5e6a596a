import { describe, expect, it } from 'vitest';
import { furthest } from '../../../bench/cold-models/agreement.ts';

describe('how far two answers are apart', () => {
  it('is nothing when they are the same', () => {
    expect(furthest([[1, -2], [0]], [[1, -2], [0]])).toBe(0);
  });

  it('is the largest difference, as a share of the largest number expected', () => {
    expect(furthest([[1, -4]], [[1.2, -4.4]])).toBeCloseTo(0.1);
  });

  it('is that of the worst output', () => {
    expect(furthest([[10], [1]], [[10.1], [1.5]])).toBeCloseTo(0.5);
  });

  it.each([
    ['there are none', [], []],
    ['one output is missing', [[1], [2]], [[1]]],
    ['an output has another length', [[1, 2]], [[1]]],
    ['one has no number where the other has one', [[1]], [[Number.NaN]]],
  ])('is unknown when %s', (_, expected, given) => {
    expect(furthest(expected, given)).toBeNaN();
  });
});
