import type { Benchmark, Effort, Measurement } from '../benchmark.ts';
import { bundle, FUNCTION_ENVIRONMENT, inProcess } from '../child.ts';
import { type ColdModel, MOBILENET, modelFiles, PERCEPTRON, TRANSFORMER } from '../cold-models/models.ts';
import { measurement, rotated } from '../repetitions.ts';
import { cpuGroup } from './cpu-group.ts';

/** Memory of a function in MB; Lambda gives it this share of the vCPU that comes with 1,769 MB, and shows two cores. */
const MEMORY = 1024;
const SHARE = MEMORY / 1769;

const WAYS = ['defaults', 'engine'] as const;

/** What a run takes where the processor is rationed, with onnxruntime's own options and with the engine's. */
export const quota: Benchmark = {
  name: 'quota',
  title: `A run at ${SHARE.toFixed(2)} vCPU (${MEMORY} MB), as Lambda rations it`,
  async run({ quick }: Effort): Promise<Measurement[]> {
    const probe = await bundle('quota/run-times.ts');
    const group = await cpuGroup(SHARE);
    try {
      const measured: Measurement[] = [];
      for (const model of quick ? [PERCEPTRON] : [TRANSFORMER, MOBILENET]) {
        measured.push(...(await measureModel(model, probe, group.within, quick ? [2, 20] : [7, 100])));
      }
      return measured;
    } finally {
      await group.remove();
    }
  },
};

async function measureModel(
  model: ColdModel,
  probe: string,
  within: readonly string[],
  [repetitions, runs]: readonly [number, number],
): Promise<Measurement[]> {
  const { exported, optimised, inputs } = await modelFiles(model);
  const times: Record<(typeof WAYS)[number], number[]> = { defaults: [], engine: [] };
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const way of rotated(WAYS, repetition)) {
      const path = way === 'engine' ? optimised : exported;
      const args = [path, inputs, way, String(MEMORY), String(runs)];
      times[way].push(await inProcess<number>(probe, args, FUNCTION_ENVIRONMENT, within));
    }
  }
  const ratios = times.defaults.map((time, repetition) => time / (times.engine[repetition] ?? Number.NaN));
  return [
    measurement(`${model.name}: onnxruntime's defaults, p50`, 'ms', times.defaults),
    measurement(`${model.name}: the engine's options, p50`, 'ms', times.engine),
    measurement(`${model.name}: defaults over engine`, 'times', ratios),
  ];
}
