/** What the cache keeps: anything that takes memory and can be let go. */
export interface Kept {
  release(): Promise<void>;
}

export interface SessionCacheOptions {
  /** Bytes of all sessions together; what is above is let go, least recently used first. */
  readonly maxBytes: number;
  readonly onEvicted?: (key: string, bytes: number) => void;
  /** Whether a session goes only when no other can. None does unless given. */
  readonly isPinned?: (key: string) => boolean;
}

interface Entry<S> {
  readonly bytes: number;
  readonly session: Promise<S>;
  users: number;
  isLoaded: boolean;
  /** Nobody will ask for it again. */
  isForgotten?: boolean;
}

/**
 * Sessions by key, within a limit of bytes.
 *
 * However many ask for a key at once, it is loaded once; a load that fails is forgotten, so the next request tries again.
 * A session in use is never let go: the limit is exceeded for as long as it must be. A session that is larger than the
 * limit is kept until another one is asked for. Pinned sessions go last.
 */
export class SessionCache<S extends Kept> {
  readonly #options: SessionCacheOptions;
  /** Least recently used first: a Map keeps the order of insertion. */
  readonly #entries = new Map<string, Entry<S>>();

  constructor(options: SessionCacheOptions) {
    this.#options = options;
  }

  /** Whether `key` can be used without loading it, or is being loaded. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Whether `key` can be used at once. Counts as a use: it is let go later than others. */
  touch(key: string): boolean {
    const entry = this.#entries.get(key);
    if (!entry?.isLoaded) return false;
    this.#touch(key, entry);
    return true;
  }

  /** Calls `work` with the session of `key`, which `load` makes when it is not there. */
  async use<T>(
    key: string,
    bytes: number,
    load: () => Promise<S>,
    work: (session: S) => T | Promise<T>,
  ): Promise<T> {
    const entry = this.#entries.get(key) ?? this.#loading(key, bytes, load);
    entry.users += 1;
    this.#touch(key, entry);
    try {
      return await work(await entry.session);
    } finally {
      entry.users -= 1;
      if (entry.isForgotten) await this.#releaseForgotten(key, entry);
      if (this.#bytes() > this.#options.maxBytes) await this.#letGo(0);
    }
  }

  /** Lets the session of `key` go as soon as nobody uses it; whoever asks for the key again gets a new one. */
  async forget(key: string): Promise<void> {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    entry.isForgotten = true;
    await this.#releaseForgotten(key, entry);
  }

  async #releaseForgotten(key: string, entry: Entry<S>): Promise<void> {
    if (entry.users > 0) return;
    const session = await entry.session.catch(() => undefined);
    await session?.release();
    if (session) this.#options.onEvicted?.(key, entry.bytes);
  }

  #loading(key: string, bytes: number, load: () => Promise<S>): Entry<S> {
    // Room is made first: the old and the new sessions together may be more than the memory holds.
    const entry: Entry<S> = { bytes, session: this.#letGo(bytes).then(load), users: 0, isLoaded: false };
    entry.session.then(
      () => {
        entry.isLoaded = true;
      },
      () => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
    return entry;
  }

  /** Lets idle sessions go until the others, and `coming` bytes more, are within the limit. */
  async #letGo(coming: number): Promise<void> {
    const idle = [...this.#entries].filter(([, { users }]) => users === 0);
    // The last one in is kept whatever its size, until another comes: somebody asks for it.
    const candidates = coming === 0 ? idle.filter(([key]) => key !== this.#newest()) : idle;
    let total = coming + this.#bytes();
    const going: [string, Entry<S>][] = [];
    for (const [key, entry] of this.#pinnedLast(candidates)) {
      if (total <= this.#options.maxBytes) break;
      this.#entries.delete(key);
      total -= entry.bytes;
      going.push([key, entry]);
    }
    for (const [key, { session, bytes }] of going) {
      await (await session).release();
      this.#options.onEvicted?.(key, bytes);
    }
  }

  /** The last one used is the last to go. */
  #touch(key: string, entry: Entry<S>): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }

  #bytes(): number {
    let sum = 0;
    for (const { bytes } of this.#entries.values()) sum += bytes;
    return sum;
  }

  #pinnedLast(entries: readonly [string, Entry<S>][]): [string, Entry<S>][] {
    const { isPinned = () => false } = this.#options;
    const pinned = entries.map(([key]) => isPinned(key));
    return [...entries.filter((_, i) => !pinned[i]), ...entries.filter((_, i) => pinned[i])];
  }

  #newest(): string | undefined {
    return [...this.#entries.keys()].at(-1);
  }
}
