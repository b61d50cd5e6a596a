import { InvalidInputError, StrataError, UnavailableError } from '../errors.ts';
import type { ModelVersion } from '../registry/model-version.ts';
import { RecentlyUsed } from '../registry/recently-used.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { BatchPace } from './batch-pace.ts';
import { areClose } from './closeness.ts';
import { canMerge, type Kind, kindOf, mergeInputs, rowsOf, splitOutputs, UnsplittableError } from './merge.ts';
import type { ModelRunner } from './model-runner.ts';

type Tensors = ReadonlyMap<string, Tensor>;

export interface MicroBatcherOptions {
  readonly runner: ModelRunner;
  /** Runs that the runner does at the same time, for example its workers. */
  readonly concurrency: number;
  /** Requests that may wait; more are refused. @default 1000 */
  readonly maxWaiting?: number;
  /** Most rows of a merged run; 1 merges nothing. @default 256 */
  readonly maxRows?: number;
  /** Most elements of a merged input: beyond, copying costs more than the run saves. @default 262144 */
  readonly maxElements?: number;
  /** How long a merged run may take, in milliseconds. @default 25 */
  readonly targetMs?: number;
  /** Clock in milliseconds. */
  readonly now?: () => number;
  readonly onEvent?: (event: BatchEvent) => void;
}

/** What the batcher tells of itself. */
export type BatchEvent =
  | {
      readonly type: 'run';
      readonly version: ModelVersion;
      readonly requests: number;
      readonly waitedMs: number;
    }
  /** Rows of this version depend on each other, so its requests are never merged again. */
  | { readonly type: 'merging-refused'; readonly version: ModelVersion; readonly reason: string };

interface Waiting {
  readonly inputs: Tensors;
  readonly rows: number;
  readonly since: number;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (outputs: Map<string, Tensor>) => void;
  readonly reject: (error: unknown) => void;
}

/** Requests that can be run as one. */
interface Group {
  readonly key: string;
  readonly version: ModelVersion;
  readonly outputs: readonly string[];
  readonly pace: BatchPace | undefined;
  readonly waiting: Waiting[];
}

/** Merges that are compared with separate runs before a version is trusted. */
const TRIALS = 4;

/** Kinds of requests of which the pace is kept. */
const PACES = 1000;

/**
 * Runs at once while the runner is idle, and merges along axis 0 what queued while it was busy. A request that comes alone
 * waits for nothing.
 *
 * That rows are independent of each other stands in no file: models normalise over a batch, or quantise by the range of
 * the whole input. So the first merges of a version are run merged and separately, the separate results are the answer,
 * and a version whose results differ by more than rounding is never merged.
 */
export class MicroBatcher implements ModelRunner {
  readonly #options: Required<Omit<MicroBatcherOptions, 'onEvent'>> & Pick<MicroBatcherOptions, 'onEvent'>;
  /** The group that waits longest first: a Map keeps the order of insertion. */
  readonly #groups = new Map<string, Group>();
  readonly #paces = new RecentlyUsed<string, BatchPace>(PACES);
  /** Trials that a version has still to pass; infinite once it failed one. */
  readonly #trials = new RecentlyUsed<string, number>(PACES);
  #running = 0;
  #waiting = 0;
  #alone = 0;
  #isScheduled = false;

  constructor(options: MicroBatcherOptions) {
    this.#options = {
      maxWaiting: 1000,
      maxRows: 256,
      maxElements: 2 ** 18,
      targetMs: 25,
      now: () => performance.now(),
      ...options,
    };
  }

  /** Requests that wait for a run. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether rows of the version were found to be independent of each other: its merges have passed all trials. */
  trusts({ artifact }: Pick<ModelVersion, 'artifact'>): boolean {
    return this.#trials.get(artifact.digest) === 0;
  }

  load(version: ModelVersion): Promise<void> {
    return this.#options.runner.load(version);
  }

  /** @throws UnavailableError `OVERLOADED` when too many requests wait; and what the runner throws */
  async run(
    version: ModelVersion,
    inputs: Tensors,
    outputs: readonly string[],
    signal?: AbortSignal,
  ): Promise<Map<string, Tensor>> {
    const { maxWaiting, now } = this.#options;
    if (this.#waiting >= maxWaiting) {
      throw new UnavailableError('OVERLOADED', `${maxWaiting} requests wait already. Try again in a moment.`);
    }
    return await new Promise((resolve, reject) => {
      const rows = this.#rowsToMerge(version, inputs);
      const group = this.#groupFor(version, inputs, outputs, rows);
      group.waiting.push({ inputs, rows: rows ?? 1, since: now(), signal, resolve, reject });
      this.#groups.set(group.key, group);
      this.#waiting += 1;
      this.#schedule();
    });
  }

  /** Rows of a request that may be merged; undefined when it has to run alone. */
  #rowsToMerge(version: ModelVersion, inputs: Tensors): number | undefined {
    const { maxRows, maxElements } = this.#options;
    if (maxRows <= 1 || this.#trials.get(version.artifact.digest) === Number.POSITIVE_INFINITY)
      return undefined;
    const rows = canMerge(version.description) ? rowsOf(inputs) : undefined;
    const isSmall = [...inputs.values()].every(({ data }) => data.length <= maxElements / 2);
    return rows !== undefined && rows > 0 && rows < maxRows && isSmall ? rows : undefined;
  }

  #groupFor(
    version: ModelVersion,
    inputs: Tensors,
    outputs: readonly string[],
    rows: number | undefined,
  ): Group {
    if (rows === undefined) {
      this.#alone += 1;
      return { key: String(this.#alone), version, outputs, pace: undefined, waiting: [] };
    }
    const key = keyOf(version, inputs, outputs);
    return this.#groups.get(key) ?? { key, version, outputs, pace: this.#paceOf(key), waiting: [] };
  }

  /** How many rows of such requests are worth one run: for those that put rows behind one another themselves. */
  paceOf(version: ModelVersion, inputs: Kind, outputs: readonly string[]): BatchPace {
    return this.#paceOf(keyOf(version, inputs, outputs));
  }

  #paceOf(key: string): BatchPace {
    const { targetMs, maxRows } = this.#options;
    const pace = this.#paces.get(key) ?? new BatchPace(targetMs, maxRows);
    this.#paces.set(key, pace);
    return pace;
  }

  /** After all that came in this turn of the event loop: requests that arrive together are run together. */
  #schedule(): void {
    if (this.#isScheduled || this.#running >= this.#options.concurrency) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      while (this.#running < this.#options.concurrency && this.#startNext());
    });
  }

  /** @returns whether there was something to run */
  #startNext(): boolean {
    for (const group of this.#groups.values()) {
      const taken = this.#take(group);
      if (taken.length === 0) continue;
      this.#running += 1;
      void this.#runAll(group, taken).finally(() => {
        this.#running -= 1;
        this.#schedule();
      });
      return true;
    }
    return false;
  }

  /** As many requests as are worth one run. What is left of the group queues behind the others. */
  #take(group: Group): Waiting[] {
    this.#groups.delete(group.key);
    const { maxElements } = this.#options;
    const maxRows = group.pace?.maxRows() ?? 1;
    const taken: Waiting[] = [];
    let [count, rows, elements] = [0, 0, 0];
    for (const request of group.waiting) {
      const size = Math.max(0, ...[...request.inputs.values()].map(({ data }) => data.length));
      const isFull = rows + request.rows > maxRows || elements + size > maxElements;
      if (taken.length > 0 && isFull) break;
      count += 1;
      if (request.signal?.aborted) {
        request.reject(callerGone());
        continue;
      }
      taken.push(request);
      rows += request.rows;
      elements += size;
    }
    this.#waiting -= count;
    group.waiting.splice(0, count);
    if (group.waiting.length > 0) this.#groups.set(group.key, group);
    return taken;
  }

  async #runAll(group: Group, requests: readonly Waiting[]): Promise<void> {
    const { version } = group;
    const started = this.#options.now();
    for (const { since } of requests.slice(0, 1)) {
      this.#tell({ type: 'run', version, requests: requests.length, waitedMs: started - since });
    }
    if (requests.length === 1) return await this.#runEach(group, requests);
    const trials = this.#trials.get(version.artifact.digest) ?? TRIALS;
    if (trials === Number.POSITIVE_INFINITY) return await this.#runEach(group, requests);
    try {
      const results = await this.#runMerged(group, requests);
      if (trials > 0) return await this.#try(group, requests, results, trials);
      for (const [index, outputs] of results.entries()) requests[index]?.resolve(outputs);
    } catch (error) {
      if (error instanceof UnsplittableError) this.#refuse(version, error.message);
      // One of them may be refused for its values. Nothing else would get better by a second run.
      else if (!(error instanceof InvalidInputError)) return rejectAll(requests, error);
      await this.#runEach(group, requests);
    }
  }

  async #runMerged(
    { version, outputs, pace }: Group,
    requests: readonly Waiting[],
  ): Promise<Map<string, Tensor>[]> {
    const { runner, now } = this.#options;
    const rows = requests.map((request) => request.rows);
    const merged = mergeInputs(requests.map(({ inputs }) => inputs));
    const started = now();
    const results = await runner.run(version, merged, outputs);
    pace?.learn(
      rows.reduce((sum, count) => sum + count, 0),
      now() - started,
    );
    return splitOutputs(results, rows);
  }

  async #runEach({ version, outputs, pace }: Group, requests: readonly Waiting[]): Promise<void> {
    const { runner, now } = this.#options;
    for (const { inputs, rows, resolve, reject } of requests) {
      const started = now();
      try {
        resolve(await runner.run(version, inputs, outputs));
        pace?.learn(rows, now() - started);
      } catch (error) {
        reject(error);
      }
    }
  }

  /** Answers with separate runs, and compares. */
  async #try(
    group: Group,
    requests: readonly Waiting[],
    merged: readonly Map<string, Tensor>[],
    trials: number,
  ): Promise<void> {
    let agrees = true;
    const observed = requests.map((request, index) => ({
      ...request,
      resolve: (outputs: Map<string, Tensor>) => {
        agrees &&= areClose(merged[index] ?? new Map(), outputs);
        request.resolve(outputs);
      },
    }));
    await this.#runEach(group, observed);
    const { digest } = group.version.artifact;
    if (agrees) this.#trials.set(digest, trials - 1);
    else this.#refuse(group.version, 'a row gives another result beside other rows than alone');
  }

  #refuse(version: ModelVersion, reason: string): void {
    this.#trials.set(version.artifact.digest, Number.POSITIVE_INFINITY);
    this.#tell({ type: 'merging-refused', version, reason });
  }

  #tell(event: BatchEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** Requests that have it in common can be run as one. */
function keyOf(version: ModelVersion, inputs: Kind, outputs: readonly string[]): string {
  return `${version.model}/${version.version}/${version.artifact.digest}\n${outputs.join('\n')}\n\n${kindOf(inputs)}`;
}

function rejectAll(requests: readonly Waiting[], error: unknown): void {
  for (const { reject } of requests) reject(error);
}

/** Nobody hears of it. 499 is what proxies log for it. */
function callerGone(): StrataError {
  return new StrataError('CALLER_GONE', 'The caller closed the connection.', { statusCode: 499 });
}
