import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunTimes } from '../../../../core/engine/run-times.ts';

const amounts = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 40 });

describe('what is learned of run times', () => {
  it('foretells nothing before anything was seen', () => {
    expect(new RunTimes().atLeast(1000)).toBe(0);
  });

  it('never foretells more than work takes that has a fixed part and grows with its amount', () => {
    const cost = fc.double({ min: 0, max: 1000, noNaN: true });
    fc.assert(
      fc.property(amounts, fc.nat(2_000_000), cost, cost, (seen, amount, fixed, each) => {
        const times = new RunTimes();
        const ms = (n: number) => fixed + n * each;
        for (const n of seen) times.learn(n, ms(n));
        expect(times.atLeast(amount)).toBeLessThanOrEqual(ms(amount) * (1 + 1e-9) + 1e-6);
      }),
    );
  });

  it('foretells at least as much for more work', () => {
    const runs = fc.array(fc.tuple(fc.nat(100_000), fc.nat(10_000)), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(runs, fc.nat(200_000), fc.nat(200_000), (seen, a, b) => {
        const times = new RunTimes();
        for (const [amount, ms] of seen) times.learn(amount, ms);
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        expect(times.atLeast(less)).toBeLessThanOrEqual(times.atLeast(more));
      }),
    );
  });

  it('asks of more work than was ever done no more than of the most that was', () => {
    const times = new RunTimes();
    times.learn(1, 0.05);
    // One slow run among small ones.
    times.learn(4, 3);
    expect(times.atLeast(1_200_000)).toBe(3);
  });
});

describe('the most work within a time', () => {
  it('is none while nothing is known', () => {
    expect(new RunTimes().mostWithin(10)).toBe(0);
  });

  it('is at most twice what was done, some where all was done in time, and none where nothing was', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0.001, max: 50, noNaN: true })),
          {
            minLength: 1,
            maxLength: 40,
          },
        ),
        fc.double({ min: 0.01, max: 50, noNaN: true }),
        (runs, ms) => {
          const times = new RunTimes();
          for (const [amount, took] of runs) times.learn(amount, took);
          const largest = Math.max(...runs.map(([amount]) => amount));
          const most = times.mostWithin(ms);
          expect(most).toBeLessThanOrEqual(2 * largest);
          expect(most > 0 || runs.some(([, took]) => took > ms * 0.99)).toBe(true);
          expect(most === 0 || runs.some(([, took]) => took < ms * 1.01)).toBe(true);
        },
      ),
    );
  });

  it('does not mind that less work took longer once', () => {
    const times = new RunTimes();
    times.learn(10, 5);
    times.learn(1000, 0.1);
    expect(times.mostWithin(1)).toBe(2000);
  });

  it('ends where more work takes too long', () => {
    const times = new RunTimes();
    times.learn(10, 0.1);
    times.learn(1000, 5);
    expect(times.mostWithin(0.15)).toBeCloseTo(15);
  });
});
