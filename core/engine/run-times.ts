/** Weight of the newest run against all before it. */
const NEWEST = 0.2;

interface Seen {
  readonly amount: number;
  readonly ms: number;
}

/**
 * Learns how long work takes by how much of it there is, and foretells how long more or less of it will take.
 *
 * Runs are averaged by the power of two of their amount. More work is taken to last at least as long as less, and no longer
 * than that where it was never done: small runs differ by more than their size, so that a line through them would refuse
 * large ones for good.
 */
export class RunTimes {
  readonly #seen = new Map<number, Seen>();

  /** @param amount of work, 0 or more, for example elements of the inputs */
  learn(amount: number, ms: number): void {
    const size = Math.floor(Math.log2(amount + 1));
    const before = this.#seen.get(size) ?? { amount, ms };
    this.#seen.set(size, {
      amount: before.amount + NEWEST * (amount - before.amount),
      ms: before.ms + NEWEST * (ms - before.ms),
    });
  }

  /** Milliseconds that so much work will take at least; 0 while nothing is known. */
  atLeast(amount: number): number {
    return this.#leastTimes().find((each) => each.amount <= amount)?.ms ?? 0;
  }

  /**
   * The most work that should be done within so many milliseconds: what was, and up to twice as much where it left time;
   * 0 while nothing is known to be quick enough.
   */
  mostWithin(ms: number): number {
    const most = this.#leastTimes().find((each) => each.ms <= ms);
    return most ? most.amount * Math.min(2, ms / most.ms) : 0;
  }

  /** The largest amount first. What more work was done in is enough for less: a single slow run says nothing. */
  #leastTimes(): Seen[] {
    const largestFirst = [...this.#seen.values()].sort((a, b) => b.amount - a.amount);
    let least = Number.POSITIVE_INFINITY;
    return largestFirst.map(({ amount, ms }) => {
      least = Math.min(least, ms);
      return { amount, ms: least };
    });
  }
}
