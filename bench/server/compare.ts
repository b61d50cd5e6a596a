import type { Measurement, Target } from '../benchmark.ts';
import { measurement } from '../repetitions.ts';
import type { ByServer } from './field.ts';
import type { Measured } from './measure.ts';
import { strata } from './strata.ts';

/** What is told of each server in a table. */
export function figuresOf(title: string, found: ByServer<Measured>): Measurement[] {
  return [...found].flatMap(([name, rounds]) => {
    const one = (
      what: string,
      unit: Measurement['unit'],
      of: (measured: Measured) => number,
      target?: Target,
    ) => measurement(`${title}: ${name}, ${what}`, unit, rounds.map(of), target);
    return [
      one('requests', '1/s', ({ perSecond }) => perSecond),
      one('processor per request', 'µs', ({ cpuMicroseconds }) => cpuMicroseconds),
      one('p50', 'ms', ({ p50Ms }) => p50Ms),
      one('p99', 'ms', ({ p99Ms }) => p99Ms),
    ];
  });
}

/**
 * Ours over the best of others, round by round, so that what slows the machine down slows both sides of a ratio.
 *
 * @param names servers to compare with; those that were not measured are passed over
 * @param best whether more is better of the figure, or less
 * @returns nothing when none of them was measured
 */
export function overBest<T>(
  title: string,
  found: ByServer<T>,
  names: readonly string[],
  figure: (measured: T) => number,
  best: 'most' | 'least',
  target?: Target,
): Measurement[] {
  const others = names.flatMap((name) => (found.has(name) ? [found.get(name) ?? []] : []));
  if (others.length === 0) return [];
  const choose = best === 'most' ? Math.max : Math.min;
  const ratios = (found.get(strata.name) ?? []).map(
    (ours, round) =>
      figure(ours) / choose(...others.flatMap((rounds) => rounds.slice(round, round + 1)).map(figure)),
  );
  return [measurement(title, 'times', ratios, target)];
}
