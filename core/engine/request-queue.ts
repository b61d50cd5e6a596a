import { StrataError } from '../errors.ts';
import type { ModelVersion } from '../registry/model-version.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { BatchPace } from './batch-pace.ts';
import type { Caller } from './model-runner.ts';
import type { RequestSize } from './request-size.ts';

/** A request that waits for its run. */
export interface Waiting {
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly size: RequestSize;
  readonly since: number;
  readonly caller: Caller | undefined;
  readonly resolve: (outputs: Map<string, Tensor>) => void;
  readonly reject: (error: unknown) => void;
}

/** Requests that can be run as one. */
export interface Group {
  readonly key: string;
  readonly version: ModelVersion;
  readonly outputs: readonly string[];
  /** How many rows are worth one run; absent for a request that runs alone. */
  readonly pace: BatchPace | undefined;
  readonly waiting: Waiting[];
}

/** What one run may hold. A request that has more by itself is run alone. */
export interface RunBounds {
  readonly rows: number;
  /** Of the largest input. */
  readonly elements: number;
  /** Of all inputs. */
  readonly amount: number;
}

/** Requests that wait, in groups that are run together. */
export class RequestQueue {
  /** The group that waits longest first: a Map keeps the order of insertion. */
  readonly #groups = new Map<string, Group>();
  #size = 0;

  /** Requests that wait. */
  get size(): number {
    return this.#size;
  }

  group(key: string): Group | undefined {
    return this.#groups.get(key);
  }

  add(group: Group, request: Waiting): void {
    group.waiting.push(request);
    this.#groups.set(group.key, group);
    this.#size += 1;
  }

  /**
   * Requests for the next run: of the group that waits longest, as many as the bounds allow. What is left of it queues
   * behind the others. Requests that nobody waits for any longer are refused on the way.
   */
  take(
    boundsOf: (group: Group) => RunBounds,
  ): { readonly group: Group; readonly requests: Waiting[] } | undefined {
    for (const group of this.#groups.values()) {
      this.#groups.delete(group.key);
      const requests = this.#takeFrom(group, boundsOf(group));
      if (group.waiting.length > 0) this.#groups.set(group.key, group);
      if (requests.length > 0) return { group, requests };
    }
    return undefined;
  }

  #takeFrom({ waiting }: Group, bounds: RunBounds): Waiting[] {
    const taken: Waiting[] = [];
    let [count, rows, elements, amount] = [0, 0, 0, 0];
    for (const request of waiting) {
      const { size, caller } = request;
      if (caller?.aborted) {
        count += 1;
        request.reject(callerGone());
        continue;
      }
      rows += size.rows ?? 1;
      elements += size.largest;
      amount += size.amount;
      const isFull = rows > bounds.rows || elements > bounds.elements || amount > bounds.amount;
      if (taken.length > 0 && isFull) break;
      count += 1;
      taken.push(request);
    }
    waiting.splice(0, count);
    this.#size -= count;
    return taken;
  }
}

/** Nobody hears of it. 499 is what proxies log for it. */
function callerGone(): StrataError {
  return new StrataError('CALLER_GONE', 'The caller closed the connection.', { statusCode: 499 });
}
