import { UnavailableError } from '../errors.ts';
import type { ModelVersion } from '../registry/model-version.ts';
import { RecentlyUsed } from '../registry/recently-used.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { BatchPace } from './batch-pace.ts';
import { type BatchEvent, GroupRuns } from './group-runs.ts';
import { canMerge, type Kind } from './merge.ts';
import { MergeKeys } from './merge-keys.ts';
import { MergeTrials } from './merge-trials.ts';
import type { Caller, LoadPurpose, ModelRunner } from './model-runner.ts';
import { type Group, RequestQueue, type RunBounds } from './request-queue.ts';
import { type RequestSize, sizeOf } from './request-size.ts';

type Tensors = ReadonlyMap<string, Tensor>;

/** Runs what is over sooner than the other runner would begin. */
export interface NearRunner extends ModelRunner {
  /** How much (`RequestSize.amount`) a run of the version may have to be taken now; 0: nothing is. */
  most(version: ModelVersion): number;
}

export type { BatchEvent } from './group-runs.ts';

export interface MicroBatcherOptions {
  readonly runner: ModelRunner;
  /** Runs that the runner does at the same time, for example its workers. */
  readonly concurrency: number;
  /** Takes what it can from the other runner, one run at a time. */
  readonly near?: NearRunner;
  /** Requests that may wait; more are refused. @default 1000 */
  readonly maxWaiting?: number;
  /** Most rows of a merged run; 1 merges nothing. @default 256 */
  readonly maxRows?: number;
  /** Most elements of a merged input: beyond, copying costs more than the run saves. @default 262144 */
  readonly maxElements?: number;
  /** How long a merged run may take, in milliseconds. @default 75 */
  readonly targetMs?: number;
  /** Clock in milliseconds. */
  readonly now?: () => number;
  readonly onEvent?: (event: BatchEvent) => void;
}

/** A runner, and what waits for it. */
interface Lane {
  readonly runner: ModelRunner;
  readonly concurrency: number;
  readonly queue: RequestQueue;
  readonly boundsOf: (group: Group) => RunBounds;
  /** How many rows are worth one run is learned. */
  readonly isPaced: boolean;
  running: number;
}

/** Kinds of requests of which the pace is kept. */
const PACES = 1000;

/**
 * Runs at once while the runner is idle, and merges along axis 0 what queued while it was busy. A request that comes alone
 * waits for nothing.
 *
 * That rows are independent of each other stands in no file: models normalise over a batch, or quantise by the range of
 * the whole input. So the first merges of requests that differ are run merged and separately, the separate results are the
 * answer, and a version of which an output differs by more than rounding is never merged.
 */
export class MicroBatcher implements ModelRunner {
  readonly #options: Required<Omit<MicroBatcherOptions, 'onEvent' | 'near'>> &
    Pick<MicroBatcherOptions, 'onEvent' | 'near'>;
  readonly #lanes: readonly [far: Lane, near?: Lane];
  readonly #paces = new RecentlyUsed<string, BatchPace>(PACES);
  readonly #trials = new MergeTrials();
  readonly #runs: GroupRuns;
  readonly #keys = new MergeKeys();
  /** What `canMerge` says of versions. */
  readonly #mergeable = new WeakMap<ModelVersion, boolean>();
  #alone = 0;
  #isScheduled = false;

  constructor(options: MicroBatcherOptions) {
    this.#options = {
      maxWaiting: 1000,
      maxRows: 256,
      maxElements: 2 ** 18,
      targetMs: 75,
      now: () => performance.now(),
      ...options,
    };
    const { runner, concurrency, near, maxRows, maxElements: elements } = this.#options;
    this.#runs = new GroupRuns(this.#trials, this.#options);
    const idle = () => ({ queue: new RequestQueue(), running: 0 });
    const far: Lane = {
      ...idle(),
      runner,
      concurrency,
      isPaced: true,
      boundsOf: ({ pace }) => ({ rows: pace?.maxRows() ?? 1, elements, amount: Number.POSITIVE_INFINITY }),
    };
    this.#lanes = near
      ? [
          far,
          {
            ...idle(),
            runner: near,
            concurrency: 1,
            isPaced: false,
            boundsOf: ({ version }) => ({ rows: maxRows, elements, amount: near.most(version) }),
          },
        ]
      : [far];
  }

  /** Requests that wait for a run. */
  get waiting(): number {
    const [far, near] = this.#lanes;
    return far.queue.size + (near?.queue.size ?? 0);
  }

  /** Whether rows of the version were found to be independent of each other: its merges have passed all trials. */
  trusts(version: Pick<ModelVersion, 'artifact'>): boolean {
    return this.#trials.trusts(version);
  }

  load(version: ModelVersion, purpose?: LoadPurpose): Promise<void> {
    return this.#options.runner.load(version, purpose);
  }

  /** @throws UnavailableError `OVERLOADED` when too many requests wait; and what the runner throws */
  run(
    version: ModelVersion,
    inputs: Tensors,
    outputs: readonly string[],
    caller?: Caller,
  ): Promise<Map<string, Tensor>> {
    const { maxWaiting, now } = this.#options;
    return new Promise((resolve, reject) => {
      if (this.waiting >= maxWaiting) throw overloaded(maxWaiting);
      const size = sizeOf(inputs);
      const lane = this.#laneFor(version, size);
      const group = this.#mayMerge(version, size)
        ? this.#groupFor(lane, version, inputs, outputs)
        : this.#groupOfOne(version, outputs);
      lane.queue.add(group, { inputs, size, since: now(), caller, resolve, reject });
      this.#schedule();
    });
  }

  #laneFor(version: ModelVersion, { amount }: RequestSize): Lane {
    const [far, near] = this.#lanes;
    const most = this.#options.near?.most(version) ?? 0;
    return near && most > 0 && amount <= most ? near : far;
  }

  #mayMerge(version: ModelVersion, { rows, largest }: RequestSize): boolean {
    const { maxRows, maxElements } = this.#options;
    if (maxRows <= 1 || rows === undefined || rows === 0 || rows >= maxRows) return false;
    return largest <= maxElements / 2 && this.#canMerge(version) && !this.#trials.refuses(version);
  }

  #canMerge(version: ModelVersion): boolean {
    const known = this.#mergeable.get(version);
    if (known !== undefined) return known;
    const can = canMerge(version.description);
    this.#mergeable.set(version, can);
    return can;
  }

  #groupOfOne(version: ModelVersion, outputs: readonly string[]): Group {
    this.#alone += 1;
    return { key: String(this.#alone), version, outputs, pace: undefined, waiting: [] };
  }

  #groupFor(lane: Lane, version: ModelVersion, inputs: Tensors, outputs: readonly string[]): Group {
    const key = this.#keys.of(version, inputs, outputs);
    const known = lane.queue.group(key);
    if (known) return known;
    return { key, version, outputs, pace: lane.isPaced ? this.#paceOf(key) : undefined, waiting: [] };
  }

  /** How many rows of such requests are worth one run: for those that put rows behind one another themselves. */
  paceOf(version: ModelVersion, inputs: Kind, outputs: readonly string[]): BatchPace {
    return this.#paceOf(this.#keys.of(version, inputs, outputs));
  }

  #paceOf(key: string): BatchPace {
    const { targetMs, maxRows } = this.#options;
    const pace = this.#paces.get(key) ?? new BatchPace(targetMs, maxRows);
    this.#paces.set(key, pace);
    return pace;
  }

  /** After all that came in this turn of the event loop: requests that arrive together are run together. */
  #schedule(): void {
    if (this.#isScheduled || this.#lanes.every((lane) => lane === undefined || isBusy(lane))) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      for (const lane of this.#lanes) while (lane && !isBusy(lane) && this.#startNext(lane));
    });
  }

  /** @returns whether there was something to run */
  #startNext(lane: Lane): boolean {
    const taken = lane.queue.take(lane.boundsOf);
    if (!taken) return false;
    lane.running += 1;
    let isHeld = true;
    const leave = () => {
      if (isHeld) lane.running -= 1;
      isHeld = false;
      this.#schedule();
    };
    const runner = lane.runner === this.#options.near ? this.#nearRunner(leave) : lane.runner;
    void this.#runs.run(runner, taken.group, taken.requests).finally(leave);
    return true;
  }

  /** Queues for the other runner what has become too long since it was queued, and keeps nobody waiting for that. */
  #nearRunner(leave: () => void): Pick<ModelRunner, 'run'> {
    const [far, near] = this.#lanes;
    return {
      run: (version, inputs, outputs) => {
        const size = sizeOf(inputs);
        if (near && size.amount <= (this.#options.near?.most(version) ?? 0))
          return near.runner.run(version, inputs, outputs);
        return new Promise((resolve, reject) => {
          const since = this.#options.now();
          const group = this.#groupOfOne(version, outputs);
          far.queue.add(group, { inputs, size, since, caller: undefined, resolve, reject });
          leave();
        });
      },
    };
  }
}

function isBusy({ running, concurrency }: Lane): boolean {
  return running >= concurrency;
}

function overloaded(maxWaiting: number): UnavailableError {
  return new UnavailableError('OVERLOADED', `${maxWaiting} requests wait already. Try again in a moment.`);
}
