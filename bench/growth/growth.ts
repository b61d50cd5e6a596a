import type { Benchmark, Effort, Measurement } from '../benchmark.ts';
import { bundle, inProcess } from '../child.ts';
import { measurement } from '../repetitions.ts';
import type { GrowthOfBatch } from './measure-batch.ts';
import type { GrowthOfModels } from './measure-models.ts';

/** What one process makes of many models, and of many rows. */
export const growth: Benchmark = {
  name: 'growth',
  title: '1 to 100 models in one process; 1 to 4096 rows in one run',
  async run({ quick }: Effort): Promise<Measurement[]> {
    const [models, batch] = [
      await bundle('growth/measure-models.ts'),
      await bundle('growth/measure-batch.ts'),
    ];
    const ofModels: GrowthOfModels[] = [];
    const ofBatch: GrowthOfBatch[] = [];
    for (let time = 0; time < (quick ? 1 : 5); time++) {
      const rounds = quick ? '2' : '200';
      ofModels.push(await inProcess<GrowthOfModels>(models, [rounds]));
      ofBatch.push(await inProcess<GrowthOfBatch>(batch, [quick ? '2' : '50']));
    }
    return [...figuresOfModels(ofModels), ...figuresOfBatch(ofBatch)];
  },
};

function figuresOfModels(repetitions: readonly GrowthOfModels[]): Measurement[] {
  const counts = repetitions[0]?.counts ?? [];
  const over = (figure: (repetition: GrowthOfModels) => number) => repetitions.map(figure);
  const first = counts[0]?.models ?? 1;
  return counts.flatMap(({ models }, index) => {
    const at = ({ counts }: GrowthOfModels) => counts[index] as GrowthOfModels['counts'][number];
    const p50 = measurement(
      `${models} models, run of one of them in turn: p50`,
      'ms',
      over((each) => at(each).p50),
    );
    if (index === 0) return [p50];
    const memory = measurement(
      `${models} models, memory of each further one`,
      'MB',
      over((each) => (at(each).megabytes - (each.counts[0]?.megabytes ?? 0)) / (models - first)),
    );
    return [p50, memory];
  });
}

function figuresOfBatch(repetitions: readonly GrowthOfBatch[]): Measurement[] {
  const sizes = repetitions[0]?.sizes ?? [];
  return sizes.map(({ rows }, index) =>
    measurement(
      `${rows} rows, for each row`,
      'µs',
      repetitions.map(({ sizes }) => (1000 * (sizes[index]?.p50 ?? Number.NaN)) / rows),
      // Linear or better: no row of many takes longer than a row that is alone.
      index === 0 ? undefined : { atMost: (1000 * (sizes[0]?.p50 ?? 0)) / (sizes[0]?.rows ?? 1) },
    ),
  );
}
