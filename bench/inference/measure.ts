import { Bench } from 'tinybench';
import { rotated } from '../repetitions.ts';
import { inferenceSubjects } from './subjects.ts';

/** One repetition: milliseconds by case and what ran. */
export type Repetition = Readonly<Record<string, { readonly p50: number; readonly p99: number }>>;

/** What the process is told: the model file, how many repetitions, and milliseconds for each of their parts. */
const [file = '', repetitions = '1', milliseconds = '100'] = process.argv.slice(2);

const subjects = await inferenceSubjects(file);
const tasks = subjects.flatMap(({ name, handler, bare }) => [
  { name: `${name}: onnxruntime alone`, run: bare },
  { name: `${name}: handler`, run: handler },
]);

async function repeat(repetition: number): Promise<Repetition> {
  const time = Number(milliseconds);
  const bench = new Bench({ time, warmupTime: time / 4, throws: true });
  for (const { name, run } of rotated(tasks, repetition)) bench.add(name, run);
  await bench.run();
  return Object.fromEntries(
    bench.tasks.map(({ name, result }) => {
      if (result.state !== 'completed') throw new Error(`${name}: ${result.state}`);
      return [name, { p50: result.latency.p50, p99: result.latency.p99 }];
    }),
  );
}

const measured: Repetition[] = [];
for (let repetition = 0; repetition < Number(repetitions); repetition++) {
  measured.push(await repeat(repetition));
}
process.send?.(measured);
