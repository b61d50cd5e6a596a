/** Weight of all former runs against the new one: what was learned is halved after 70 runs. */
const MEMORY = 0.99;
/** Merging that saves less than this share of a row's own time makes callers wait for nothing. */
const LEAST_GAIN = 0.1;
/** After so many runs a merge is tried although it did not pay: the machine may have changed. */
const TRY_AGAIN = 500;

/**
 * Learns how many rows are worth running as one.
 *
 * A run takes `fixed + rows * perRow` milliseconds, fitted by least squares over recent runs. Rows are merged while that
 * saves enough of the fixed part, and as many as stay within the target. As long as only one size of runs was seen, twice
 * as many rows are tried.
 */
export class BatchPace {
  readonly #targetMs: number;
  readonly #maxRows: number;
  #weight = 0;
  #rows = 0;
  #ms = 0;
  #rowsRows = 0;
  #rowsMs = 0;
  #largest = 0;
  #runs = 0;

  /** @param targetMs how long a merged run may take */
  constructor(targetMs: number, maxRows: number) {
    this.#targetMs = targetMs;
    this.#maxRows = maxRows;
  }

  /** A run of so many rows took so long. */
  learn(rows: number, ms: number): void {
    this.#weight = this.#weight * MEMORY + 1;
    this.#rows = this.#rows * MEMORY + rows;
    this.#ms = this.#ms * MEMORY + ms;
    this.#rowsRows = this.#rowsRows * MEMORY + rows * rows;
    this.#rowsMs = this.#rowsMs * MEMORY + rows * ms;
    this.#largest = Math.max(this.#largest, rows);
    this.#runs += 1;
  }

  /** Most rows to merge now; a request that has more on its own is run alone. */
  maxRows(): number {
    if (this.#weight === 0) return 1;
    const meanRows = this.#rows / this.#weight;
    const meanMs = this.#ms / this.#weight;
    const variance = this.#rowsRows / this.#weight - meanRows * meanRows;
    // Never far beyond what was tried: a line says little of what lies outside its points.
    const explored = Math.min(this.#maxRows, Math.max(2, this.#largest * 2));
    if (variance < 1e-6 * meanRows * meanRows) return meanMs * 2 <= this.#targetMs ? explored : 1;
    const slope = (this.#rowsMs / this.#weight - meanRows * meanMs) / variance;
    const perRow = Math.max(slope, 0);
    const fixed = Math.max(meanMs - perRow * meanRows, 0);
    const pays = fixed >= LEAST_GAIN * (fixed + perRow);
    if (!pays && this.#runs % TRY_AGAIN !== 0) return 1;
    const affordable = perRow === 0 ? this.#maxRows : Math.floor((this.#targetMs - fixed) / perRow);
    return Math.max(1, Math.min(explored, affordable));
  }
}
