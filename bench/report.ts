import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { table } from '../cli/table.ts';
import type { Benchmark, Measurement, Target } from './benchmark.ts';

/** What one benchmark found, or why it could not run here. */
export type Outcome = Pick<Benchmark, 'name' | 'title'> &
  ({ readonly measurements: readonly Measurement[] } | { readonly leftOut: string }) & {
    /** What has to be known beside the figures. */
    readonly notes?: readonly string[];
  };

/** One run, as `.cache/bench.json` holds it. */
export interface Report {
  /** ISO 8601, UTC. */
  readonly date: string;
  /** Whether the run was too short to mean anything. */
  readonly quick: boolean;
  readonly machine: Machine;
  readonly outcomes: readonly Outcome[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly platform: string;
  readonly node: string;
  /** Processes that wanted a core in the minute before the run: more than there are cores, and figures are too high. */
  readonly load: number;
}

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / 1024 ** 3),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
  };
}

/** The run for people. */
export function reportText({ date, quick, machine, outcomes }: Report): string {
  const { cpu, cores, memoryGigabytes, platform, node, load } = machine;
  const head = [
    `${date}, ${cpu}, ${cores} cores, ${memoryGigabytes} GB, ${platform}, Node ${node}, load ${load}`,
    ...(quick ? ['A quick run: everything runs, the figures mean nothing.'] : []),
  ];
  return [head.join('\n'), ...outcomes.map(outcomeText)].join('\n\n');
}

function outcomeText(outcome: Outcome): string {
  const title = `${outcome.name}: ${outcome.title}`;
  if ('leftOut' in outcome) return `${title}\nleft out: ${outcome.leftOut}`;
  const rows = outcome.measurements.map(
    ({ name, unit, median, range: [least, most], repetitions, target }) => [
      name,
      figure(median),
      unit,
      repetitions === 1 ? '' : `${figure(least)} to ${figure(most)}`,
      String(repetitions),
      target ? targetText(median, target) : '',
    ],
  );
  const notes = (outcome.notes ?? []).map((note) => `\n- ${note}`).join('');
  return `${title}${notes}\n${table(['', 'median', '', 'range', 'repetitions', ''], rows)}`;
}

function targetText(value: number, target: Target): string {
  const [reached, wanted] =
    'atLeast' in target
      ? [value >= target.atLeast, `at least ${target.atLeast}`]
      : [value <= target.atMost, `at most ${target.atMost}`];
  return `${reached ? 'reached' : 'missed'}: ${wanted}`;
}

/** Three digits that count; whole numbers from 100 on. */
export function figure(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}
