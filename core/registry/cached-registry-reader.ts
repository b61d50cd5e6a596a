import type { ModelVersion, RegisteredModel } from './model-version.ts';
import { isVersionNumber } from './names.ts';
import { RecentlyUsed } from './recently-used.ts';
import type { RegistryReader } from './registry-reader.ts';

export interface CachedRegistryReaderOptions {
  /** For how long an alias that was read may be used without reading it again, in ms; 0 reads every time. */
  readonly maxAgeMs: number;
  /** Monotonic clock, in ms. */
  readonly now: () => number;
  /** How many answers are kept of each kind (by number, by alias). */
  readonly capacity?: number;
}

interface AliasAnswer {
  readonly version: ModelVersion;
  readonly readAt: number;
}

/**
 * Spares the registry the reads of the request path. A READY version never changes, so it is kept for as long as the
 * process lives; where an alias points is known for `maxAgeMs`. What was not found, not ready or not readable is
 * never kept: it may be there a moment later. Requests that want the same thing at once share one read.
 *
 * No timers: a frozen Lambda environment would not run them. Age is looked at when a request comes.
 */
export class CachedRegistryReader implements RegistryReader {
  readonly #versions: RecentlyUsed<string, ModelVersion>;
  readonly #aliases: RecentlyUsed<string, AliasAnswer>;
  readonly #reading = new Map<string, Promise<unknown>>();

  constructor(
    private readonly reader: RegistryReader,
    private readonly options: CachedRegistryReaderOptions,
  ) {
    const capacity = options.capacity ?? 1000;
    this.#versions = new RecentlyUsed(capacity);
    this.#aliases = new RecentlyUsed(capacity);
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
    const known = this.#versions.get(key) ?? this.#freshAlias(key);
    return known ?? this.#once(key, () => this.#read(key, name, versionOrAlias));
  }

  #freshAlias(key: string): ModelVersion | undefined {
    const answer = this.#aliases.get(key);
    const fresh = answer !== undefined && this.options.now() - answer.readAt < this.options.maxAgeMs;
    return fresh ? answer.version : undefined;
  }

  async #read(key: string, name: string, versionOrAlias?: string): Promise<ModelVersion> {
    // Age counts from before the read: the alias may have moved while the answer was under way.
    const readAt = this.options.now();
    const version = await this.reader.resolve(name, versionOrAlias);
    if (versionOrAlias !== undefined && isVersionNumber(versionOrAlias)) {
      this.#versions.set(key, version);
    } else {
      this.#aliases.set(key, { version, readAt });
    }
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
