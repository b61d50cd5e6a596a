/** How much is measured. */
export interface Effort {
  /** Few and short repetitions: shows that everything runs, the figures mean nothing. */
  readonly quick: boolean;
}

/** One figure of one run: the median over repetitions. */
export interface Measurement {
  /** What was measured, for example `json, 32 rows: handler p50`. */
  readonly name: string;
  readonly unit: 'ms' | 'µs' | 'MB' | 'times' | '%';
  readonly median: number;
  /** Smallest and largest of the repetitions. */
  readonly range: readonly [number, number];
  readonly repetitions: number;
}

export interface Benchmark {
  /** What `--only` takes. */
  readonly name: string;
  readonly title: string;
  /** @throws LeftOutError when this machine cannot run it */
  run(effort: Effort): Promise<Measurement[]>;
}

/** A benchmark cannot run on this machine, for a reason that is nobody's mistake. */
export class LeftOutError extends Error {
  override readonly name = 'LeftOutError';
}
