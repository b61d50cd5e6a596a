import { readFile } from 'node:fs/promises';
import { deserialize } from 'node:v8';
import { loadRuntime } from '../../core/engine/load-runtime.ts';
import { runModel } from '../../core/engine/open-model.ts';
import { sessionOptions } from '../../core/engine/session-options.ts';
import type { Tensor } from '../../core/tensor/tensor.ts';
import { median } from '../repetitions.ts';

/** Runs a model over and over with the options of one way, and tells the median of the times. */
const [path = '', inputs = '', way = '', memoryMegabytes = '', runs = ''] = process.argv.slice(2);
const given: ReadonlyMap<string, Tensor> = deserialize(await readFile(inputs));
const options = way === 'engine' ? sessionOptions({ memoryMegabytes: Number(memoryMegabytes) }) : {};
const runtime = await loadRuntime();
const model = { runtime, session: await runtime.InferenceSession.create(path, options) };

async function time(): Promise<number> {
  const started = performance.now();
  await runModel(model, given);
  return performance.now() - started;
}

const times: number[] = [];
// The first tenth is not counted: memory is found, and the quota that opening has used up comes back.
for (let run = 0; run < Number(runs) * 1.1; run++) times.push(await time());
process.send?.(median(times.slice(-Number(runs))));
