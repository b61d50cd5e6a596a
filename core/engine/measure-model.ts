import { fork } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { StrataError } from '../errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { MeasureTask } from './measure-child.ts';

/** What a model costs a fresh process with one thread. */
export interface Measurement {
  /** Milliseconds until the session is open; the runtime is loaded before. */
  readonly openMs: number;
  /** Milliseconds of the first run. */
  readonly firstRunMs: number;
  /** Milliseconds of half of the further runs at most. */
  readonly p50Ms: number;
  /** Most memory of the process until the end of the runs, in bytes. */
  readonly peakBytes: number;
}

/** Two models, measured in turn. */
export interface Gain {
  readonly original: Measurement;
  readonly changed: Measurement;
  /** Shape of each input of the runs. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
}

export interface MeasureOptions {
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** Processes for each model, of which the medians are taken. */
  readonly repetitions: number;
}

/**
 * Beside this file: as source in a checkout, as a bundle in the package.
 * Its imports must do without what Node cannot strip from TypeScript (enums).
 */
const CHILD = join(import.meta.dirname, `measure-child${extname(import.meta.filename)}`);

/**
 * Measures two models, each time in a fresh process: within one, the second model would find the runtime and the
 * allocator warm. They take turns, so that what else the machine does meanwhile meets both.
 *
 * @throws StrataError `MEASUREMENT_FAILED`
 */
export async function measureGain(
  original: string,
  changed: string,
  { inputs, repetitions }: MeasureOptions,
): Promise<Gain> {
  const measured: Record<'original' | 'changed', Measurement[]> = { original: [], changed: [] };
  // The files are in the page cache from then on, for both alike.
  for (const path of [original, changed]) await measureOnce({ path, inputs });
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    measured.original.push(await measureOnce({ path: original, inputs }));
    measured.changed.push(await measureOnce({ path: changed, inputs }));
  }
  return {
    original: medians(measured.original),
    changed: medians(measured.changed),
    shapes: Object.fromEntries([...inputs].map(([name, { shape }]) => [name, shape])),
  };
}

/**
 * Measures one model in fresh processes.
 *
 * @throws StrataError `MEASUREMENT_FAILED`
 */
export async function measureModel(
  path: string,
  { inputs, repetitions }: MeasureOptions,
): Promise<Measurement> {
  const measured: Measurement[] = [];
  for (let repetition = 0; repetition < repetitions; repetition += 1)
    measured.push(await measureOnce({ path, inputs }));
  return medians(measured);
}

async function measureOnce(task: MeasureTask): Promise<Measurement> {
  // Not with the loaders of this process; tensors travel as they are.
  const child = fork(CHILD, {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const errors = text(child.stderr as NodeJS.ReadableStream);
  let result: Measurement | undefined;
  child.on('message', (message: Measurement) => {
    result = message;
  });
  child.send(task);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (result && code === 0) return result;
  throw new StrataError(
    'MEASUREMENT_FAILED',
    `The process that measures ${task.path} ended with ${signal ?? code}: ${(await errors).trim().slice(-500)}`,
  );
}

function medians(measurements: readonly Measurement[]): Measurement {
  const of = (part: keyof Measurement) => median(measurements.map((each) => each[part]));
  return {
    openMs: of('openMs'),
    firstRunMs: of('firstRunMs'),
    p50Ms: of('p50Ms'),
    peakBytes: of('peakBytes'),
  };
}

/** @param values at least one */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1] ?? Number.NaN, sorted[middle] as number];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}
