import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../repetitions.ts';
import { engineWithModels, timeOfRun } from './open-models.ts';

export interface GrowthOfBatch {
  /** Milliseconds of a run, by its rows. */
  readonly sizes: readonly { readonly rows: number; readonly p50: number }[];
}

const ROWS = [1, 16, 64, 256, 1024, 4096];
const [repetitions = '1'] = process.argv.slice(2);

const { engine, versions } = engineWithModels(1);
const [version] = versions;
if (!version) throw new Error('there is no model');
const sizes: GrowthOfBatch['sizes'][number][] = [];
for (const rows of ROWS) {
  const times: number[] = [];
  for (let run = 0; run < Number(repetitions) * 2; run++) times.push(await timeOfRun(engine, version, rows));
  // The first half warms up.
  sizes.push({ rows, p50: median(times.slice(times.length / 2)) });
}
await rm(join(tmpdir(), 'growth', String(process.pid)), { recursive: true, force: true });
process.send?.({ sizes } satisfies GrowthOfBatch);
