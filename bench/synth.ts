import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesise } from '../local/cdk.ts';
import type { Benchmark, Effort, Measurement } from './benchmark.ts';
import { measurement } from './repetitions.ts';

/** `cdk synth` of the app, with its assets built. */
export const synth: Benchmark = {
  name: 'synth',
  title: 'cdk synth of both stacks, everything built',
  async run({ quick }: Effort): Promise<Measurement[]> {
    const milliseconds: number[] = [];
    for (let repetition = 0; repetition < (quick ? 1 : 5); repetition++) {
      const assembly = await mkdtemp(join(tmpdir(), 'strata-bench-'));
      try {
        const started = performance.now();
        await synthesise(assembly, {});
        milliseconds.push(performance.now() - started);
      } finally {
        await rm(assembly, { recursive: true });
      }
    }
    return [measurement('cdk synth', 'ms', milliseconds)];
  },
};
