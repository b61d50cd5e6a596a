import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measurements, median, rotated } from '../../../bench/repetitions.ts';

const ascending = (a: number, b: number) => a - b;
const figures = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 });

describe('the median', () => {
  it('has at least half of the values on either side', () => {
    fc.assert(
      fc.property(figures, (values) => {
        const middle = median(values);
        expect(values.filter((value) => value <= middle).length * 2).toBeGreaterThanOrEqual(values.length);
        expect(values.filter((value) => value >= middle).length * 2).toBeGreaterThanOrEqual(values.length);
      }),
    );
  });

  it('does not depend on the order', () => {
    fc.assert(
      fc.property(figures, (values) => {
        expect(median(values.toReversed()) - median(values)).toBeCloseTo(0);
      }),
    );
  });

  it('is not moved by one repetition in which the machine was busy', () => {
    expect(median([10, 11, 5_000])).toBe(11);
  });

  it('needs a value', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('the order of repetitions', () => {
  it('lets each thing be first once', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { minLength: 1 }), (things) => {
        const firsts = things.map((_, repetition) => rotated(things, repetition)[0]);
        expect(new Set(firsts)).toEqual(new Set(things));
      }),
    );
  });

  it('leaves nothing out', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(1000), (things, repetition) => {
        expect(rotated(things, repetition).toSorted(ascending)).toEqual(things.toSorted(ascending));
      }),
    );
  });
});

describe('figures of repetitions', () => {
  it('are put together by name, whatever each repetition measured', () => {
    const found = measurements('ms', [{ import: 3, run: 1 }, { import: 5 }, { import: 4, run: 2 }]);
    expect(found).toEqual([
      { name: 'import', unit: 'ms', median: 4, range: [3, 5], repetitions: 3 },
      { name: 'run', unit: 'ms', median: 1.5, range: [1, 2], repetitions: 2 },
    ]);
  });
});
