import { DEMO_FILE } from '../../local/demo-model.ts';
import type { Benchmark, Effort, Measurement } from '../benchmark.ts';
import { bundle, inProcess } from '../child.ts';
import { benchModels } from '../inference/models.ts';
import { measurement } from '../repetitions.ts';
import type { Repetition } from './measure.ts';

/** What functions on streams gain by merging, in one process: from the bytes of a thousand records to those of the results. */
export const records: Benchmark = {
  name: 'records',
  title: 'A thousand records of a stream: merged, against one run for each',
  async run({ quick }: Effort): Promise<Measurement[]> {
    const measure = await bundle('records/measure.ts');
    const measured: Measurement[] = [];
    for (const { name, file } of await benchModels(DEMO_FILE)) {
      const repetitions = await inProcess<Repetition[]>(measure, [file, quick ? '1' : '15']);
      measured.push(...figures(name, repetitions));
    }
    return measured;
  },
};

function figures(model: string, repetitions: readonly Repetition[]): Measurement[] {
  const over = (figure: (repetition: Repetition) => number) => repetitions.map(figure);
  return [
    measurement(
      `${model}: one run for each, CPU time`,
      'ms',
      over(({ separate }) => separate.cpu),
    ),
    measurement(
      `${model}: merged, CPU time`,
      'ms',
      over(({ merged }) => merged.cpu),
    ),
    measurement(
      `${model}: gain in CPU time`,
      'times',
      over(({ separate, merged }) => separate.cpu / merged.cpu),
    ),
    measurement(
      `${model}: gain in time`,
      'times',
      over(({ separate, merged }) => separate.wall / merged.wall),
    ),
  ];
}
