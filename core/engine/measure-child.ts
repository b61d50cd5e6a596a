/** Opens and runs one model, in a process of its own, and tells what that cost. Started by measure-model.ts. */
import { writeFile } from 'node:fs/promises';
import type { Tensor } from '../tensor/tensor.ts';
import { loadRuntime } from './load-runtime.ts';
import type { Measurement } from './measure-model.ts';
import { openModel, runModel } from './open-model.ts';
import { peakBytes } from './peak-memory.ts';

export interface MeasureTask {
  readonly path: string;
  readonly inputs: ReadonlyMap<string, Tensor>;
}

/** Runs after the first: as many as fit the time, within limits that leave a median. */
const RUNS = { least: 5, most: 200, milliseconds: 300 } as const;

process.once('message', (task: MeasureTask) => {
  measure(task).then(
    (measurement) => process.send?.(measurement, () => process.disconnect()),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
      process.disconnect();
    },
  );
});

async function measure({ path, inputs }: MeasureTask): Promise<Measurement> {
  await loadRuntime();
  await forgetPeak();
  const started = performance.now();
  const model = await openModel(path, { threads: 1 });
  const opened = performance.now();
  await runModel(model, inputs);
  const ran = performance.now();
  const durations: number[] = [];
  while (durations.length < RUNS.most) {
    const before = performance.now();
    if (durations.length >= RUNS.least && before - ran > RUNS.milliseconds) break;
    await runModel(model, inputs);
    durations.push(performance.now() - before);
  }
  durations.sort((a, b) => a - b);
  return {
    openMs: opened - started,
    firstRunMs: ran - opened,
    p50Ms: durations[Math.floor(durations.length / 2)] as number,
    peakBytes: await peakBytes(),
  };
}

/** Linux lets a process reset its peak: what was before the model (compiling this file) then does not count. Source: proc(5). */
async function forgetPeak(): Promise<void> {
  await writeFile('/proc/self/clear_refs', '5').catch(() => {});
}
