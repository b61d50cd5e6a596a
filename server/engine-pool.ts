import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineEvent } from '../core/engine/engine-event.ts';
import type { ModelRunner } from '../core/engine/model-runner.ts';
import { sizeOf } from '../core/engine/request-size.ts';
import { UnavailableError } from '../core/errors.ts';
import type { Artifact, ModelVersion } from '../core/registry/model-version.ts';
import type { Tensor } from '../core/tensor/tensor.ts';
import { EngineThread, type EngineThreadOptions } from './engine-thread.ts';

export interface EnginePoolOptions extends Omit<EngineThreadOptions, 'onEvent' | 'onEnd'> {
  /** Number of threads, each with one thread of onnxruntime. */
  readonly workers: number;
  /** Paths of the artifact's files on this machine, by digest. */
  readonly locate: (artifact: Artifact) => Promise<ReadonlyMap<string, string>>;
  /** How long a run may take before its worker is given up, in milliseconds. @default 60000 */
  readonly runTimeoutMs?: number;
  /** How long opening a model may take, its first run included. @default 300000 */
  readonly openTimeoutMs?: number;
  /** Sessions that a worker closes in its life; onnxruntime keeps a little memory of each. @default 100 */
  readonly closedPerWorker?: number;
  readonly onEvent?: (event: EngineEvent | PoolEvent) => void;
  /** Hears how long a worker computed, in milliseconds, and of how much (`RequestSize.amount`). */
  readonly onRun?: (version: ModelVersion, amount: number, ms: number) => void;
}

/** What the pool tells of itself. */
export interface PoolEvent {
  readonly type: 'worker-replaced';
  readonly reason: 'died' | 'timeout' | 'recycled';
}

/** Between attempts to replace a worker that does not start, in milliseconds: doubled up to the last. */
const RESTART_DELAYS = { first: 100, last: 10_000 } as const;

/** Between attempts to open on a worker what others have open, in milliseconds: doubled up to the last. */
const OPEN_DELAYS = { first: 500, last: 60_000 } as const;

/** How often a version is opened for a run: workers that opened it may be gone by then. */
const LOAD_ATTEMPTS = 3;

/**
 * Runs models on worker threads, so that the thread that answers clients never computes. Every worker opens every version
 * that is asked for; a run goes to the one with the least to do.
 */
export class EnginePool implements ModelRunner {
  readonly #options: EnginePoolOptions;
  readonly #threads: EngineThread[] = [];
  readonly #loading = new Map<string, Promise<void>>();
  /** Workers that are to be replaced because of their age. */
  readonly #worn = new WeakSet<EngineThread>();
  #recycling: Promise<void> = Promise.resolve();
  /** Given up while they computed, and still at it. */
  #stuck = 0;
  #isClosed = false;

  constructor(options: EnginePoolOptions) {
    // Native code reads the environment of the process, which a worker cannot change.
    process.env['ORT_DISABLE_TELEMETRY'] = '1';
    this.#options = options;
    for (let i = 0; i < options.workers; i++) this.#threads.push(this.#start());
  }

  /** Workers that there should be. */
  get size(): number {
    return this.#options.workers;
  }

  /** Workers that take requests. */
  get alive(): number {
    return this.#threads.length;
  }

  /**
   * Workers that were given up and compute on: nothing can interrupt onnxruntime. Each takes a core from those that answer
   * until it comes to an end, if it ever does.
   */
  get stuck(): number {
    return this.#stuck;
  }

  /** Settled when every worker has started, or one failed to. */
  async ready(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.ready));
  }

  /** Opens the version on every worker; settled as soon as one can run it. */
  async load(version: ModelVersion): Promise<void> {
    const { digest } = version.artifact;
    if (this.#idlest(digest)) return;
    const loading = this.#loading.get(digest) ?? this.#loadEverywhere(version);
    this.#loading.set(digest, loading);
    try {
      await loading;
    } finally {
      this.#loading.delete(digest);
    }
  }

  async run(
    version: ModelVersion,
    inputs: ReadonlyMap<string, Tensor>,
    outputs: readonly string[],
  ): Promise<Map<string, Tensor>> {
    const { digest } = version.artifact;
    let thread = this.#idlest(digest);
    // The worker that opened it may have been recycled meanwhile: then its successor has to.
    for (let attempt = 0; !thread && attempt < LOAD_ATTEMPTS; attempt++) {
      await this.load(version);
      thread = this.#idlest(digest);
    }
    if (!thread) throw noWorker();
    const { runTimeoutMs = 60_000, onRun } = this.#options;
    // Asked now: the memory of large inputs goes to the worker.
    const { amount } = sizeOf(inputs);
    const run = () => thread.run(digest, inputs, outputs);
    const { outputs: results, ms } = await this.#watched(thread, runTimeoutMs, run);
    onRun?.(version, amount, ms);
    return results;
  }

  /** Closes a version that nobody will ask for again. */
  async forget({ artifact }: Pick<ModelVersion, 'artifact'>): Promise<void> {
    await Promise.allSettled(this.#threads.map((thread) => thread.forget(artifact.digest)));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#threads.splice(0).map((thread) => thread.stop('the server stops')));
  }

  #start(): EngineThread {
    const { directory, maxBytes, entry } = this.#options;
    return new EngineThread({
      directory,
      maxBytes,
      ...(entry && { entry }),
      onEvent: (event, thread) => {
        this.#options.onEvent?.(event);
        if (event.type === 'session-loaded') this.#recycleWhenWorn(thread);
      },
      onEnd: (thread) => {
        if (this.#remove(thread)) void this.#replace(thread, 'died');
      },
    });
  }

  /** Of the workers that have the digest open, the one with the fewest runs. */
  #idlest(digest: string): EngineThread | undefined {
    let best: EngineThread | undefined;
    for (const thread of this.#threads) {
      if (thread.open.has(digest) && (best === undefined || thread.running < best.running)) best = thread;
    }
    return best;
  }

  async #loadEverywhere(version: ModelVersion): Promise<void> {
    const paths = await this.#options.locate(version.artifact);
    if (this.#threads.length === 0) throw noWorker();
    const { openTimeoutMs = 300_000 } = this.#options;
    const opened = new Set<EngineThread>();
    const loads = this.#threads.map(async (thread) => {
      await this.#watched(thread, openTimeoutMs, () => thread.load(version, paths));
      opened.add(thread);
    });
    // Not those that closed it again for want of memory, but those where it failed, and those that came meanwhile.
    void Promise.allSettled(loads).then(() => {
      for (const thread of this.#threads) if (!opened.has(thread)) void this.#openLater(thread, version);
    });
    await Promise.any(loads).catch((error: AggregateError) => {
      throw error.errors[0];
    });
  }

  /** Opens on one worker what others have open, again and again until it is, or is wanted no longer. */
  async #openLater(thread: EngineThread, version: ModelVersion): Promise<void> {
    const { locate, openTimeoutMs = 300_000 } = this.#options;
    const { digest } = version.artifact;
    for (let delay: number = OPEN_DELAYS.first; ; delay = Math.min(delay * 2, OPEN_DELAYS.last)) {
      if (this.#isClosed || thread.isEnded || thread.open.has(digest) || !this.#idlest(digest)) return;
      try {
        const paths = await locate(version.artifact);
        await this.#watched(thread, openTimeoutMs, () => thread.load(version, paths));
        return;
      } catch {
        // That was told as an event. The others answer meanwhile.
        await sleep(delay, undefined, { ref: false });
      }
    }
  }

  /** Takes a worker into service. What the others opened while it started it opens now. */
  #join(thread: EngineThread): void {
    this.#threads.push(thread);
    const versions = new Map(this.#threads.flatMap(({ open }) => [...open]));
    for (const [digest, version] of versions) {
      if (!thread.open.has(digest)) void this.#openLater(thread, version);
    }
  }

  /** Gives a worker up that tells nothing for so long while it has this to do. What only waits behind others is no sign of that. */
  async #watched<T>(thread: EngineThread, milliseconds: number, work: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const watch = (afterMs: number) => {
      timer = setTimeout(() => {
        const left = thread.lastSign + milliseconds - performance.now();
        if (left > 0) watch(left);
        else this.#giveUp(thread, milliseconds);
      }, afterMs);
    };
    watch(milliseconds);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
    }
  }

  #giveUp(thread: EngineThread, milliseconds: number): void {
    if (this.#isClosed || thread.isEnded) return;
    this.#stuck += 1;
    void thread.gone.then(() => (this.#stuck -= 1));
    // One that is being recycled has its successor already.
    if (this.#remove(thread)) void this.#replace(thread, 'timeout');
    void thread.stop(`it took longer than ${milliseconds} ms`);
  }

  /** @returns whether it was one of ours */
  #remove(thread: EngineThread): boolean {
    const index = this.#threads.indexOf(thread);
    if (index < 0 || this.#isClosed) return false;
    this.#threads.splice(index, 1);
    return true;
  }

  /** Starts another worker with the same versions open, again and again until it starts. */
  async #replace(old: EngineThread, reason: PoolEvent['reason']): Promise<void> {
    this.#options.onEvent?.({ type: 'worker-replaced', reason });
    for (
      let delay: number = RESTART_DELAYS.first;
      !this.#isClosed;
      delay = Math.min(delay * 2, RESTART_DELAYS.last)
    ) {
      const started = await this.#startLike(old);
      if (started) {
        this.#join(started);
        return;
      }
      await sleep(delay, undefined, { ref: false });
    }
  }

  /** @returns undefined when it does not start, or when the pool was closed meanwhile */
  async #startLike(old: EngineThread): Promise<EngineThread | undefined> {
    const thread = this.#start();
    try {
      await thread.ready;
    } catch {
      return undefined;
    }
    const loads = [...old.open.values()].map(async (version) =>
      thread.load(version, await this.#options.locate(version.artifact)),
    );
    await Promise.allSettled(loads);
    if (!this.#isClosed && !thread.isEnded) return thread;
    await thread.stop();
    return undefined;
  }

  /** One worker at a time, and the new one is there before the old one goes. */
  #recycleWhenWorn(thread: EngineThread): void {
    const { closedPerWorker = 100 } = this.#options;
    if (thread.opened - thread.open.size < closedPerWorker || this.#worn.has(thread)) return;
    this.#worn.add(thread);
    this.#recycling = this.#recycling.then(async () => {
      if (this.#isClosed || thread.isEnded) return;
      const successor = await this.#startLike(thread);
      if (!successor || !this.#remove(thread)) return await successor?.stop();
      this.#join(successor);
      this.#options.onEvent?.({ type: 'worker-replaced', reason: 'recycled' });
      while (thread.running > 0 && !this.#isClosed) await sleep(10);
      await thread.stop();
    });
  }
}

function noWorker(): UnavailableError {
  return new UnavailableError('NO_WORKER', 'No worker can run the model now. Try again in a moment.');
}
