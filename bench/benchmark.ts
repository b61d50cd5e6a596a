/** How much is measured. */
export interface Effort {
  /** Few and short repetitions: shows that everything runs, the figures mean nothing. */
  readonly quick: boolean;
  /** Parts of a benchmark that are wanted, of those that it names; all of them when it is empty. */
  readonly rows: readonly string[];
  /** Says something that the report has to hold beside the figures: what was left out, and why. */
  readonly note: (text: string) => void;
}

/** What a figure ought to be. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** One figure of one run: the median over repetitions. */
export interface Measurement {
  /** What was measured, for example `json, 32 rows: handler p50`. */
  readonly name: string;
  readonly unit: 'ms' | 'µs' | 'MB' | '1/s' | 'times' | '%';
  readonly median: number;
  /** Smallest and largest of the repetitions. */
  readonly range: readonly [number, number];
  readonly repetitions: number;
  readonly target?: Target;
}

export interface Benchmark {
  /** What `--only` takes. */
  readonly name: string;
  readonly title: string;
  /** What `--rows` takes, for one that takes long. */
  readonly rows?: readonly string[];
  /** @throws LeftOutError when this machine cannot run it */
  run(effort: Effort): Promise<Measurement[]>;
}

/** A benchmark cannot run on this machine, for a reason that is nobody's mistake. */
export class LeftOutError extends Error {
  override readonly name = 'LeftOutError';
}
