/** Requests that came in one stretch of time, to know when the last of them has been answered. */
export class Generation {
  #size = 0;
  readonly #waiting: (() => void)[] = [];

  /** Requests that are not answered yet. */
  get size(): number {
    return this.#size;
  }

  enter(): void {
    this.#size += 1;
  }

  leave(): void {
    this.#size -= 1;
    if (this.#size > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Settled when it is empty; nothing may enter it any longer. */
  ended(): Promise<void> {
    return this.#size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}
