import type { Measurement, Target } from './benchmark.ts';

/** The middle of the values, or the mean of the two in the middle. @throws RangeError when there are none */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('the median of no values');
  return (lower + upper) / 2;
}

/** The figure that stands for all repetitions. */
export function measurement(
  name: string,
  unit: Measurement['unit'],
  values: readonly number[],
  target?: Target,
): Measurement {
  return {
    name,
    unit,
    median: median(values),
    range: [Math.min(...values), Math.max(...values)],
    repetitions: values.length,
    ...(target && { target }),
  };
}

/** The figures of repetitions that each measured the same things, by name. */
export function measurements(
  unit: Measurement['unit'],
  repetitions: readonly Readonly<Record<string, number>>[],
): Measurement[] {
  const names = [...new Set(repetitions.flatMap((repetition) => Object.keys(repetition)))];
  return names.map((name) =>
    measurement(
      name,
      unit,
      repetitions.flatMap((repetition) => repetition[name] ?? []),
    ),
  );
}

/**
 * The order of one repetition: each thing begins a repetition in turn, so that none always runs on a cold or on a warm
 * machine.
 */
export function rotated<T>(things: readonly T[], repetition: number): T[] {
  const start = things.length === 0 ? 0 : repetition % things.length;
  return [...things.slice(start), ...things.slice(0, start)];
}
