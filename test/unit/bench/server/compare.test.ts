import { describe, expect, it } from 'vitest';
import { overBest } from '../../../../bench/server/compare.ts';
import { strata } from '../../../../bench/server/strata.ts';

const found = new Map([
  [strata.name, [12, 20]],
  ['slow', [1, 2]],
  ['fast', [4, 1]],
]);
const itself = (value: number) => value;

describe('ours over the best of others', () => {
  it('takes the best of each round', () => {
    const [ratio] = overBest('ratio', found, ['slow', 'fast'], itself, 'most', { atLeast: 2 });
    expect(ratio).toMatchObject({ unit: 'times', range: [3, 10], median: 6.5, target: { atLeast: 2 } });
  });

  it('takes the least where less is better', () => {
    const [ratio] = overBest('ratio', found, ['slow', 'fast'], itself, 'least');
    expect(ratio?.range).toEqual([12, 20]);
  });

  it('passes over servers that were not measured', () => {
    const [ratio] = overBest('ratio', found, ['slow', 'absent'], itself, 'most');
    expect(ratio?.range).toEqual([10, 12]);
    expect(overBest('ratio', found, ['absent'], itself, 'most')).toEqual([]);
  });
});
