import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { median } from '../repetitions.ts';
import { engineWithModels, timeOfRun } from './open-models.ts';

export interface GrowthOfModels {
  readonly counts: readonly {
    readonly models: number;
    /** Of a run, in milliseconds. */
    readonly p50: number;
    /** Resident memory of the process. */
    readonly megabytes: number;
  }[];
}

const COUNTS = [1, 10, 100];
const [rounds = '1'] = process.argv.slice(2);

/** Garbage belongs to no model. */
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const { engine, versions } = engineWithModels(Math.max(...COUNTS));
const counts: GrowthOfModels['counts'][number][] = [];
for (const models of COUNTS) {
  const open = versions.slice(0, models);
  for (const version of open) await engine.load(version);
  const times: number[] = [];
  // As many runs for each count, so that what runs leave behind is the same.
  for (let run = 0; run < Number(rounds) * Math.max(...COUNTS); run++) {
    const version = open[run % models];
    if (version) times.push(await timeOfRun(engine, version, 1));
  }
  collectGarbage();
  counts.push({ models, p50: median(times), megabytes: process.memoryUsage().rss / 1e6 });
}
await rm(join(tmpdir(), 'growth', String(process.pid)), { recursive: true, force: true });
process.send?.({ counts } satisfies GrowthOfModels);
