import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { firstDifference, sequences } from '../test/support/registry-sequences.ts';

/**
 * Random sequences of calls of MLflow's API, compared with a registry of plain arrays: `npm test` does some hundreds.
 * Usage: tsx scripts/registry-sequences.ts [runs] [seed]
 */
const numRuns = Number(process.argv[2] ?? 10_000);
const seed = Number(process.argv[3] ?? 20_261_125);

let calls = 0;
const result = await fc.check(
  fc.asyncProperty(sequences, async (sequence) => {
    calls += sequence.length;
    const difference = await firstDifference(sequence, isDeepStrictEqual);
    if (difference) throw new Error(JSON.stringify(difference, null, 2));
  }),
  { numRuns, seed },
);
if (result.failed) {
  const steps = result.counterexample?.[0].map(({ describe }) => describe).join('\n  ');
  process.stdout.write(`FAILED\n  ${steps}\n${String(result.errorInstance)}\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(`${result.numRuns} sequences, ${calls} calls: no difference\n`);
}
