import type { ModelVersion } from '../registry/model-version.ts';
import type { PredictionLatency } from './prediction.ts';

/** How often something happened, and how long it took in all. */
export interface DurationStatistic {
  readonly count: number;
  /** Nanoseconds, whole. */
  readonly ns: number;
}

/** What one version has answered, in the shape of Triton's statistics extension. */
export interface ModelStatistics {
  readonly name: string;
  readonly version: string;
  /** Wall clock of the last inference, in milliseconds since 1970; 0 before the first. */
  readonly last_inference: number;
  readonly inference_count: number;
  readonly execution_count: number;
  readonly inference_stats: Readonly<Record<Part, DurationStatistic>>;
  readonly batch_stats: readonly (Readonly<Record<ComputePart, DurationStatistic>> & {
    readonly batch_size: number;
  })[];
}

type ComputePart = 'compute_input' | 'compute_infer' | 'compute_output';
type Part = ComputePart | 'success' | 'fail' | 'queue' | 'cache_hit' | 'cache_miss';
type Counters = Record<'success' | 'fail' | 'queue' | ComputePart, { count: number; ns: number }> & {
  last: number;
};

/** A version by what identifies it. */
type Identity = Pick<ModelVersion, 'model' | 'version'>;

const NANOSECONDS = 1e6;

/**
 * Counts the inferences of this process, by model version. Processes know nothing of each other: behind a fleet, an
 * answer tells of the one that gave it.
 *
 * There is no queue and no cache. What Triton calls queue is here the time until the version was found and open, and
 * the batch dimension is part of every shape, so that each request is one inference of batch size 1.
 * Source: Triton's statistics extension.
 */
export class InferenceStatistics {
  readonly #byVersion = new Map<string, Counters>();

  /** @param clock wall clock, milliseconds since 1970 */
  constructor(private readonly clock: () => number) {}

  succeeded(version: Identity, { resolve, load, decode, run, encode }: PredictionLatency): void {
    const counters = this.#countersOf(version);
    const { success, queue, compute_input, compute_infer, compute_output } = counters;
    counters.last = this.clock();
    const total =
      add(queue, resolve + load) +
      add(compute_input, decode) +
      add(compute_infer, run) +
      add(compute_output, encode);
    success.count += 1;
    success.ns += total;
  }

  /** @param milliseconds from the arrival of the request to its refusal, for whatever reason */
  failed(version: Identity, milliseconds: number): void {
    const counters = this.#countersOf(version);
    counters.last = this.clock();
    add(counters.fail, milliseconds);
  }

  has(version: Identity): boolean {
    return this.#byVersion.has(keyOf(version));
  }

  /** Names of the models of which a version was asked, in the order in which they first were. */
  models(): string[] {
    return [...new Set([...this.#byVersion.keys()].map((key) => key.slice(0, key.indexOf('/'))))];
  }

  /** All zero when nothing was asked of the version. */
  of({ model, version }: Identity): ModelStatistics {
    const { last, success, fail, queue, ...compute } =
      this.#byVersion.get(keyOf({ model, version })) ?? newCounters();
    const never = { count: 0, ns: 0 };
    return {
      name: model,
      version,
      last_inference: last,
      inference_count: success.count,
      execution_count: success.count,
      inference_stats: { success, fail, queue, ...compute, cache_hit: never, cache_miss: never },
      batch_stats: success.count === 0 ? [] : [{ batch_size: 1, ...compute }],
    };
  }

  #countersOf(version: Identity): Counters {
    const known = this.#byVersion.get(keyOf(version));
    if (known) return known;
    const counters = newCounters();
    this.#byVersion.set(keyOf(version), counters);
    return counters;
  }
}

/** Names hold no slash. */
const keyOf = ({ model, version }: Identity) => `${model}/${version}`;

function newCounters(): Counters {
  const zero = () => ({ count: 0, ns: 0 });
  return {
    last: 0,
    success: zero(),
    fail: zero(),
    queue: zero(),
    compute_input: zero(),
    compute_infer: zero(),
    compute_output: zero(),
  };
}

/** @returns what was added, in nanoseconds */
function add(statistic: { count: number; ns: number }, milliseconds: number): number {
  const ns = Math.round(milliseconds * NANOSECONDS);
  statistic.count += 1;
  statistic.ns += ns;
  return ns;
}
