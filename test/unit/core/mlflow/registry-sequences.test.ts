import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { firstDifference, sequences } from '../../../support/registry-sequences.ts';

it('whatever is done in whatever order is answered as a registry of plain arrays answers it', async () => {
  await fc.assert(
    fc.asyncProperty(sequences, async (sequence) => {
      expect(await firstDifference(sequence, isDeepStrictEqual)).toBeUndefined();
    }),
    { numRuns: 300, seed: 20261125 },
  );
}, 120_000);
