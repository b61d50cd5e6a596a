/** Weight of all former runs against the new one: what was learned is halved after 70 runs. */
const MEMORY = 0.99;
/** Merging that saves less than this share of a row's own time makes callers wait for nothing. */
const LEAST_GAIN = 0.1;
/** Merged runs that are needed to say that merging does not pay: one may have been slow for any reason. */
const LEAST_MERGED = 8;
/** After so many runs a merge is tried although it did not pay: the machine may have changed. */
const TRY_AGAIN = 500;

/**
 * Learns how many rows are worth running as one.
 *
 * A run takes `fixed + rows * perRow` milliseconds, fitted by least squares over recent runs; of the time for each row, so
 * that a large run that was slow tells nothing of small ones. Rows are merged while that saves enough of the fixed part, and
 * as many as stay within the target. As long as only one size of runs was seen, twice as many rows are tried.
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
  #runs = 0;
  #merged = 0;

  /** @param targetMs how long a merged run may take */
  constructor(targetMs: number, maxRows: number) {
    this.#targetMs = targetMs;
    this.#maxRows = maxRows;
  }

  /** A run of so many rows, at least one, took so long. */
  learn(rows: number, ms: number): void {
    const [x, y] = [1 / rows, ms / rows];
    this.#weight = this.#weight * MEMORY + 1;
    this.#x = this.#x * MEMORY + x;
    this.#y = this.#y * MEMORY + y;
    this.#xx = this.#xx * MEMORY + x * x;
    this.#xy = this.#xy * MEMORY + x * y;
    this.#largest = Math.max(this.#largest, rows);
    this.#runs += 1;
    if (rows > 1) this.#merged += 1;
  }

  /** Most rows to merge now; a request that has more on its own is run alone. */
  maxRows(): number {
    if (this.#weight === 0) return 1;
    const meanX = this.#x / this.#weight;
    const meanY = this.#y / this.#weight;
    const variance = this.#xx / this.#weight - meanX * meanX;
    // Never far beyond what was tried: a line says little of what lies outside its points.
    const explored = Math.min(this.#maxRows, Math.max(2, this.#largest * 2));
    if (variance < 1e-6 * meanX * meanX) return (meanY / meanX) * 2 <= this.#targetMs ? explored : 1;
    const fixed = Math.max((this.#xy / this.#weight - meanX * meanY) / variance, 0);
    const perRow = Math.max(meanY - fixed * meanX, 0);
    const pays = this.#merged < LEAST_MERGED || fixed >= LEAST_GAIN * (fixed + perRow);
    if (!pays && this.#runs % TRY_AGAIN !== 0) return 1;
    const affordable = perRow === 0 ? this.#maxRows : Math.floor((this.#targetMs - fixed) / perRow);
    return Math.max(1, Math.min(explored, affordable));
  }
}
