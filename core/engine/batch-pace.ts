/** Weight of all former runs against the new one: what was learned is halved after 70 runs. */
const MEMORY = 0.99;
/** Rows are added until the fixed part of a run is so small a share of what its rows take. */
const LEAST_GAIN = 0.03;
/**
 * Recent merged runs that are needed to say that merging does not pay: one may have been slow for any reason. Since they
 * count less and less, a twelfth of the runs goes on trying where it does not pay.
 */
const LEAST_MERGED = 8;
/** A run counts as no more than so many times what was expected of it: the collector of garbage may have run meanwhile. */
const MOST_SURPRISE = 4;

/**
 * Learns how many rows are worth running as one.
 *
 * A run takes `fixed + rows * perRow` milliseconds, fitted by least squares over recent runs; of the time for each row, so
 * that a large run that was slow tells nothing of small ones. Rows are merged until the fixed part hardly counts any more,
 * as long as the run stays within the target: with fewer the model would answer less than it can, with more those that
 * came first would wait for nothing. As long as only one size of runs was seen, twice as many rows are tried.
 */
export class BatchPace {
  readonly #targetMs: number;
  readonly #maxRows: number;
  /** Sums over runs: x is the share of a row in the fixed part, 1 / rows, and y is milliseconds for each row. */
  #weight = 0;
  #x = 0;
  #y = 0;
  #xx = 0;
  #xy = 0;
  #largest = 0;
  #merged = 0;

  /** @param targetMs how long a merged run may take */
  constructor(targetMs: number, maxRows: number) {
    this.#targetMs = targetMs;
    this.#maxRows = maxRows;
  }

  /** A run of so many rows, at least one, took so long. */
  learn(rows: number, ms: number): void {
    const [x, y] = [1 / rows, Math.min(ms, MOST_SURPRISE * this.#expected(rows)) / rows];
    this.#weight = this.#weight * MEMORY + 1;
    this.#x = this.#x * MEMORY + x;
    this.#y = this.#y * MEMORY + y;
    this.#xx = this.#xx * MEMORY + x * x;
    this.#xy = this.#xy * MEMORY + x * y;
    this.#largest = Math.max(this.#largest, rows);
    this.#merged = this.#merged * MEMORY + (rows > 1 ? 1 : 0);
  }

  /** Milliseconds that so many rows should take, by what was seen. */
  #expected(rows: number): number {
    if (this.#weight === 0) return Number.POSITIVE_INFINITY;
    const { fixed, perRow } = this.#line() ?? { fixed: 0, perRow: this.#y / this.#weight };
    return fixed + perRow * rows;
  }

  /** Undefined as long as only one size of runs was seen. */
  #line(): { readonly fixed: number; readonly perRow: number } | undefined {
    const meanX = this.#x / this.#weight;
    const meanY = this.#y / this.#weight;
    const variance = this.#xx / this.#weight - meanX * meanX;
    if (variance < 1e-6 * meanX * meanX) return undefined;
    const fixed = Math.max((this.#xy / this.#weight - meanX * meanY) / variance, 0);
    return { fixed, perRow: Math.max(meanY - fixed * meanX, Number.EPSILON) };
  }

  /** Most rows to merge now; a request that has more on its own is run alone. */
  maxRows(): number {
    if (this.#weight === 0) return 1;
    const line = this.#line();
    if (!line) return this.#y / this.#x <= this.#targetMs ? this.#upTo((2 * this.#weight) / this.#x) : 1;
    const { fixed, perRow } = line;
    const affordable = (this.#targetMs - fixed) / perRow;
    const worth = this.#merged < LEAST_MERGED ? affordable : fixed / (LEAST_GAIN * perRow);
    return this.#upTo(Math.min(worth, affordable));
  }

  /** Never far beyond what was tried: a line says little of what lies outside its points. */
  #upTo(rows: number): number {
    const explored = Math.max(2, this.#largest * 2);
    return Math.floor(Math.max(1, Math.min(rows, explored, this.#maxRows)));
  }
}
