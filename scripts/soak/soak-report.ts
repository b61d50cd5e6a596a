/** What hours of work do to a process, in the minutes that a soak takes. */
export interface SoakReport {
  readonly name: string;
  readonly seconds: number;
  /** How often each thing was done. */
  readonly counts: Readonly<Record<string, number>>;
  /** Answers that were wrong or missing, in words; the first hundred. */
  readonly failures: readonly string[];
  /** Median of the resident memory in bytes right after the warm-up, and at the end. */
  readonly settledBytes: number;
  readonly endBytes: number;
  readonly peakBytes: number;
}

/** Share of a soak in which memory may grow: caches fill, pages of the heap are touched for the first time. */
const WARM_UP = 0.2;
/** Share over which a median is taken. */
const WINDOW = 0.1;

/** Counts what is done, and samples the memory of who does it. */
export class SoakRecord {
  readonly counts: Record<string, number> = {};
  readonly failures: string[] = [];
  readonly #samples: number[] = [];
  readonly #started = performance.now();

  done(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  failed(what: string, reason: string): void {
    if (this.failures.length < 100) this.failures.push(`${what}: ${reason}`);
  }

  sample(residentBytes: number): void {
    this.#samples.push(residentBytes);
  }

  report(name: string): SoakReport {
    const { length } = this.#samples;
    const window = (from: number) =>
      median(this.#samples.slice(Math.floor(length * from), Math.ceil(length * (from + WINDOW))));
    return {
      name,
      seconds: (performance.now() - this.#started) / 1000,
      counts: this.counts,
      failures: this.failures,
      settledBytes: window(WARM_UP),
      endBytes: window(1 - WINDOW),
      peakBytes: Math.max(...this.#samples),
    };
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** How much memory grew since the warm-up, as a share of what it was then. */
export function growthOf({ settledBytes, endBytes }: Pick<SoakReport, 'settledBytes' | 'endBytes'>): number {
  return endBytes / settledBytes - 1;
}

export function soakInWords(report: SoakReport): string {
  const { name, seconds, counts, failures, settledBytes, endBytes, peakBytes } = report;
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
  return [
    `${name}, ${seconds.toFixed(0)} s: ${megabytes(settledBytes)} -> ${megabytes(endBytes)} MB (${(growthOf(report) * 100).toFixed(1)} %), at most ${megabytes(peakBytes)} MB; ${failures.length} failures`,
    ...Object.entries(counts).map(([what, count]) => `  ${what}: ${count}`),
    ...failures.slice(0, 10).map((failure) => `  failed: ${failure}`),
  ].join('\n');
}
