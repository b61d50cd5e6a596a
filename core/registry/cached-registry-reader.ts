import type { ModelVersion, RegisteredModel } from './model-version.ts';
import { RecentlyUsed } from './recently-used.ts';
import type { RegistryReader } from './registry-reader.ts';

export interface CachedRegistryReaderOptions {
  /** For how long a version that was read may be used without reading it again, in ms; 0 reads every time. */
  readonly maxAgeMs: number;
  /** Monotonic clock, in ms. */
  readonly now: () => number;
  /** How many answers are kept. */
  readonly capacity?: number;
}

interface Answer {
  readonly version: ModelVersion;
  readonly readAt: number;
}

/**
 * Spares the registry the reads of the request path. Which version is meant is known for `maxAgeMs`, be it named by alias
 * or by number: aliases move, and a name with a number may be that of another model after a deletion or a rename. What
 * was not found, not ready or not readable is never kept: it may be there a moment later. Requests that want the same
 * thing at once share one read.
 *
 * No timers: a frozen Lambda environment would not run them. Age is looked at when a request comes.
 */
export class CachedRegistryReader implements RegistryReader {
  readonly #versions: RecentlyUsed<string, Answer>;
  readonly #reading = new Map<string, Promise<unknown>>();

  constructor(
    private readonly reader: RegistryReader,
    private readonly options: CachedRegistryReaderOptions,
  ) {
    this.#versions = new RecentlyUsed(options.capacity ?? 1000);
  }

  ping(): Promise<void> {
    return this.#once('ping', () => this.reader.ping());
  }

  modelNames(): Promise<string[]> {
    return this.#once('names', () => this.reader.modelNames());
  }

  model(name: string): Promise<RegisteredModel> {
    return this.#once(JSON.stringify(['model', name]), () => this.reader.model(name));
  }

  async resolve(name: string, versionOrAlias?: string): Promise<ModelVersion> {
    const key = JSON.stringify(['version', name, versionOrAlias]);
    const known = this.#versions.get(key);
    const { now, maxAgeMs } = this.options;
    if (known !== undefined && now() - known.readAt < maxAgeMs) return known.version;
    return this.#once(key, () => this.#read(key, name, versionOrAlias));
  }

  async #read(key: string, name: string, versionOrAlias?: string): Promise<ModelVersion> {
    // Age counts from before the read: the alias may have moved while the answer was under way.
    const readAt = this.options.now();
    const version = await this.reader.resolve(name, versionOrAlias);
    this.#versions.set(key, { version, readAt });
    return version;
  }

  #once<T>(key: string, read: () => Promise<T>): Promise<T> {
    const underway = this.#reading.get(key) as Promise<T> | undefined;
    if (underway !== undefined) {
      return underway;
    }
    const reading = read().finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    return reading;
  }
}
