import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO_FILE } from '../../local/demo-model.ts';
import { PROJECT } from '../../local/project.ts';
import type { Benchmark, Effort, Measurement } from '../benchmark.ts';
import { bundle, FUNCTION_ENVIRONMENT, inProcess } from '../child.ts';
import { measurements, rotated } from '../repetitions.ts';

type Times = Readonly<Record<string, number>>;

/** The parts of a cold start that are ours, each in fresh processes. */
export const coldStart: Benchmark = {
  name: 'cold-start',
  title: 'A cold start of infer, in fresh processes on this machine',
  async run({ quick }: Effort): Promise<Measurement[]> {
    const importProbe = await bundle('cold-start/import-probe.ts');
    const engineProbe = await bundle('cold-start/engine-probe.ts');
    const requestProbe = await bundle('cold-start/request-probe.ts');
    const startProbe = await bundle('cold-start/start-probe.ts');
    const probes = [
      () => inFreshProcess(importProbe, join(PROJECT, 'assets', 'lambdas', 'infer', 'handler.mjs')),
      () => inFreshProcess(engineProbe, DEMO_FILE),
      () => inFreshProcess(requestProbe, DEMO_FILE),
      () => inFreshProcess(startProbe, DEMO_FILE),
    ];
    const measured: Times[] = [];
    for (let repetition = 0; repetition < (quick ? 2 : 15); repetition++) {
      for (const probe of rotated(probes, repetition)) measured.push(await probe());
    }
    return measurements('ms', measured);
  },
};

/** With an empty disk, as a new execution environment has one. */
async function inFreshProcess(probe: string, argument: string): Promise<Times> {
  const disk = await mkdtemp(join(tmpdir(), 'strata-bench-'));
  try {
    return await inProcess<Times>(probe, [argument], { ...FUNCTION_ENVIRONMENT, TMPDIR: disk });
  } finally {
    await rm(disk, { recursive: true });
  }
}
