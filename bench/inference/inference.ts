import { DEMO_FILE } from '../../local/demo-model.ts';
import type { Benchmark, Effort, Measurement } from '../benchmark.ts';
import { bundle, inProcess } from '../child.ts';
import { measurement, measurements } from '../repetitions.ts';
import type { Repetition } from './measure.ts';

/** The function `infer` over onnxruntime alone, on the demo model and on generated ones, in one process. */
export const inference: Benchmark = {
  name: 'inference',
  title: 'A warm request: the handler of infer over session.run alone',
  async run({ quick }: Effort): Promise<Measurement[]> {
    const [repetitions, milliseconds] = quick ? [2, 40] : [9, 500];
    const measured = await inProcess<Repetition[]>(await bundle('inference/measure.ts'), [
      DEMO_FILE,
      String(repetitions),
      String(milliseconds),
    ]);
    return casesOf(measured).flatMap((name) => [
      ...measurements('ms', measured.map(timesOf(name))),
      measurement(`${name}: handler over onnxruntime, p50`, 'times', measured.map(ratioOf(name))),
      measurement(`${name}: handler adds, p50`, 'µs', measured.map(addedBy(name))),
    ]);
  },
};

const PARTS = ['onnxruntime alone', 'handler'] as const;

function casesOf([first = {}]: readonly Repetition[]): string[] {
  const names = Object.keys(first).map((name) => name.slice(0, name.indexOf(':')));
  return [...new Set(names)].sort();
}

function timesOf(name: string) {
  return (repetition: Repetition): Record<string, number> =>
    Object.fromEntries(
      PARTS.flatMap((part) =>
        (['p50', 'p99'] as const).map((quantile) => [
          `${name}: ${part}, ${quantile}`,
          timeOf(repetition, `${name}: ${part}`)[quantile],
        ]),
      ),
    );
}

function ratioOf(name: string) {
  return (repetition: Repetition): number =>
    timeOf(repetition, `${name}: handler`).p50 / timeOf(repetition, `${name}: onnxruntime alone`).p50;
}

function addedBy(name: string) {
  return (repetition: Repetition): number =>
    (timeOf(repetition, `${name}: handler`).p50 - timeOf(repetition, `${name}: onnxruntime alone`).p50) *
    1000;
}

function timeOf(repetition: Repetition, name: string) {
  const time = repetition[name];
  if (!time) throw new Error(`${name} was not measured`);
  return time;
}
