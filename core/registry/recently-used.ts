/** A map that holds at most `capacity` entries and forgets the one that was not used for longest. */
export class RecentlyUsed<K, V> {
  readonly #entries = new Map<K, V>();
  #newest?: K;

  constructor(private readonly capacity: number) {}

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined && key !== this.#newest) {
      this.set(key, value);
    }
    return value;
  }

  set(key: K, value: V): void {
    // A Map iterates in the order of insertion: what is inserted anew is last, the first is the oldest.
    this.#entries.delete(key);
    this.#entries.set(key, value);
    this.#newest = key;
    if (this.#entries.size > this.capacity) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }
}
