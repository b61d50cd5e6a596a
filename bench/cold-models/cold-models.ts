import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../../local/project.ts';
import { type Benchmark, type Effort, LeftOutError, type Measurement } from '../benchmark.ts';
import { bundle, FUNCTION_ENVIRONMENT, inProcess } from '../child.ts';
import { oneCore } from '../one-core.ts';
import { type CpuGroup, cpuGroup } from '../quota/cpu-group.ts';
import { measurement, rotated } from '../repetitions.ts';
import { furthest } from './agreement.ts';
import type { FirstAnswer } from './first-answer.ts';
import {
  MOBILENET,
  type ModelFiles,
  modelFiles,
  PERCEPTRON,
  RESNET,
  TRANSFORMER,
  VISION_TRANSFORMER,
} from './models.ts';

/** Rounding of fused operators; a wrong kernel or wrong weights are further off by orders of magnitude. */
const FURTHEST = 1e-3;

/** The engine's way to a first answer, against the way of onnxruntime's examples, each in fresh processes. */
export const coldModels: Benchmark = {
  name: 'cold-models',
  title: "From the load of the handler's module to its first answer, with one vCPU",
  async run({ quick }: Effort): Promise<Measurement[]> {
    const models = quick
      ? [PERCEPTRON, MOBILENET]
      : [PERCEPTRON, MOBILENET, VISION_TRANSFORMER, TRANSFORMER, RESNET];
    const files = [];
    for (const model of models) files.push(await modelFiles(model));
    const measured: Measurement[] = [];
    const group = await oneVcpu();
    try {
      const ways = await waysToAnswer(group.within);
      for (const [i, { name }] of models.entries()) {
        measured.push(...(await measureModel(name, files[i] as ModelFiles, ways, quick ? 1 : 11)));
      }
    } finally {
      await group.remove();
    }
    return measured;
  },
};

/** As Lambda gives one to a function of 1,769 MB, which sees two cores; one core where a share of two cannot be had. */
async function oneVcpu(): Promise<CpuGroup> {
  try {
    return await cpuGroup(1);
  } catch (error) {
    if (!(error instanceof LeftOutError)) throw error;
    return { within: oneCore(), remove: async () => {} };
  }
}

interface Way {
  readonly name: 'naive' | 'engine' | 'engine, copied and verified';
  readonly run: (files: ModelFiles) => Promise<FirstAnswer>;
}

async function waysToAnswer(within: readonly string[]): Promise<Way[]> {
  const probe = await bundle('cold-models/first-answer.ts');
  const inFreshProcess =
    (module: string, model: 'exported' | 'optimised', environment: Record<string, string>) =>
    async (files: ModelFiles): Promise<FirstAnswer> => {
      const disk = await mkdtemp(join(tmpdir(), 'strata-bench-'));
      try {
        const places = { TMPDIR: disk, HOME: disk };
        const args = [module, files[model], files.inputs];
        return await inProcess<FirstAnswer>(probe, args, { ...environment, ...places }, within);
      } finally {
        await rm(disk, { recursive: true });
      }
    };
  const naive = join(PROJECT, 'bench', 'cold-models', 'naive.cjs');
  const tuned = await bundle('cold-models/tuned.ts');
  const verified = await bundle('cold-models/verified.ts');
  return [
    { name: 'naive', run: inFreshProcess(naive, 'exported', {}) },
    { name: 'engine', run: inFreshProcess(tuned, 'optimised', FUNCTION_ENVIRONMENT) },
    {
      name: 'engine, copied and verified',
      run: inFreshProcess(verified, 'optimised', FUNCTION_ENVIRONMENT),
    },
  ];
}

async function measureModel(
  model: string,
  files: ModelFiles,
  ways: readonly Way[],
  repetitions: number,
): Promise<Measurement[]> {
  // The files are in the page cache from then on, for all alike.
  for (const way of ways) await way.run(files);
  const answers = new Map<Way['name'], FirstAnswer[]>(ways.map(({ name }) => [name, []]));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const { name, run } of rotated(ways, repetition)) answers.get(name)?.push(await run(files));
  }
  const naive = answers.get('naive') ?? [];
  return [...answers].flatMap(([name, given]) => {
    refuseDifferent(model, naive[0], given[0]);
    const times = given.map(({ milliseconds }) => milliseconds);
    const peaks = given.map(({ peakBytes }) => peakBytes / 1024 ** 2);
    const compared =
      name === 'naive'
        ? []
        : [
            measurement(`${model}: naive over ${name}, time`, 'times', ratios(naive, given, 'milliseconds')),
            measurement(
              `${model}: ${name} over naive, peak memory`,
              'times',
              ratios(given, naive, 'peakBytes'),
            ),
          ];
    return [
      measurement(`${model}: ${name}`, 'ms', times),
      measurement(`${model}: ${name}, peak memory`, 'MB', peaks),
      ...compared,
    ];
  });
}

function ratios(
  above: readonly FirstAnswer[],
  below: readonly FirstAnswer[],
  figure: 'milliseconds' | 'peakBytes',
): number[] {
  return above.map((answer, repetition) => answer[figure] / (below[repetition]?.[figure] ?? Number.NaN));
}

/** A fast answer that is wrong is worth nothing. */
function refuseDifferent(
  model: string,
  expected: FirstAnswer | undefined,
  given: FirstAnswer | undefined,
): void {
  const distance = furthest(expected?.outputs ?? [], given?.outputs ?? []);
  if (!(distance <= FURTHEST)) {
    throw new Error(
      `${model}: the answers of two ways are ${distance} apart, as a share of the largest number`,
    );
  }
}
