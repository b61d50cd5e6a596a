import type { AccessRevision, AccessRulesReader } from './access-revision.ts';

export interface CachedAccessRulesOptions {
  /** For how long rules that were read may be used without reading them again, in ms; 0 reads every time. */
  readonly maxAgeMs: number;
  /** Monotonic clock, in ms. */
  readonly now: () => number;
}

/**
 * Spares the request path the reading of rules. That there are none is known for as long as rules are; that they could
 * not be read is never kept, and never hidden by older ones: those may allow what was forbidden since.
 */
export class CachedAccessRules implements AccessRulesReader {
  #known?: { readonly revision: AccessRevision | undefined; readonly readAt: number };
  #reading?: Promise<AccessRevision | undefined>;

  constructor(
    private readonly reader: AccessRulesReader,
    private readonly options: CachedAccessRulesOptions,
  ) {}

  async current(): Promise<AccessRevision | undefined> {
    const { now, maxAgeMs } = this.options;
    if (this.#known !== undefined && now() - this.#known.readAt < maxAgeMs) return this.#known.revision;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<AccessRevision | undefined> {
    // Age counts from before the read: a put may come while the answer is under way.
    const readAt = this.options.now();
    const revision = await this.reader.current();
    this.#known = { revision, readAt };
    return revision;
  }
}
