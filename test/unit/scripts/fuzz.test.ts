import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkOf } from '../../../scripts/fuzz/target.ts';
import { FUZZ_TARGETS, fuzz } from '../../../scripts/fuzz.ts';

/** The same cases each time; `npm run fuzz` throws others, and many more. */
const SEED = 1;

describe.each(FUZZ_TARGETS.map((target) => ({ name: target.name, target })))(
  'odd input: $name',
  ({ target }) => {
    it('is answered or refused in words, and the next request is answered right', async () => {
      const { failures, startBytes, peakBytes } = await fuzz({ cases: 1000, seed: SEED, targets: [target] });
      expect(failures).toEqual([]);
      // Odd input is small, but for its bombs: what they unpack to is limited.
      expect(peakBytes - startBytes).toBeLessThan(1e9);
    }, 120_000);
  },
);

describe('a law that does not hold', () => {
  it('is told with the smallest case that was found, and with how to see it again', async () => {
    const broken = fc.asyncProperty(fc.nat(), async (n) => {
      if (n > 41) throw new Error('too much');
    });
    const target = {
      name: 'broken',
      share: 1,
      start: async () => ({ checks: [checkOf(broken)], close: async () => {} }),
    };
    const { failures } = await fuzz({ cases: 100, seed: SEED, targets: [target] });
    expect(failures).toEqual([{ target: 'broken', seed: SEED, reason: 'too much', example: '[42]' }]);
  });
});
