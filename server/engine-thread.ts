import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { EngineEvent } from '../core/engine/engine-event.ts';
import { InvalidInputError, StrataError, UnavailableError } from '../core/errors.ts';
import type { ModelVersion } from '../core/registry/model-version.ts';
import type { Tensor } from '../core/tensor/tensor.ts';
import type { TimedOutputs } from './timed-run.ts';
import {
  pack,
  type SentError,
  type WorkerMessage,
  type WorkerRequest,
  type WorkerSettings,
} from './worker-messages.ts';

type Done = Extract<WorkerMessage, { type: 'done' }>;

interface Pending {
  readonly resolve: (done: Done) => void;
  readonly reject: (error: unknown) => void;
}

/** A request without its id. */
type Asked = WorkerRequest extends infer R ? (R extends WorkerRequest ? Omit<R, 'id'> : never) : never;

export interface EngineThreadOptions extends WorkerSettings {
  /** What starts the thread. @default - the engine's worker */
  readonly entry?: URL;
  readonly onEvent: (event: EngineEvent, thread: EngineThread) => void;
  /** The thread has ended, by our wish or not. */
  readonly onEnd: (thread: EngineThread) => void;
}

/** Beside the sources, and beside the bundle: both `server/` in a checkout and `assets/server/` in the package. */
const ENTRY = new URL(
  `../server/engine-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.mjs'}`,
  import.meta.url,
);

/** How long the end of a server waits for a thread that computes, in milliseconds. */
const STOP_PATIENCE_MS = 5_000;

/** A worker thread with an engine in it. */
export class EngineThread {
  /** Versions it has open, by digest. */
  readonly open = new Map<string, ModelVersion>();
  /** Settled when the thread takes requests; rejected when it ends before. */
  readonly ready: Promise<void>;
  /** Sessions opened in its life. */
  opened = 0;
  /** When it last told something, or was asked while it had nothing to do; by the clock of `performance`. */
  lastSign = performance.now();
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #options: EngineThreadOptions;
  /** Versions that were asked for, to know them by their digest in events. */
  readonly #asked = new Map<string, ModelVersion>();
  #nextId = 0;
  #isEnded = false;
  /** Settled when the thread itself is no more. */
  readonly gone: Promise<void>;
  #reason = 'it was stopped';

  constructor(options: EngineThreadOptions) {
    this.#options = options;
    const { directory, maxBytes, entry = ENTRY } = options;
    this.#worker = new Worker(entry, { workerData: { directory, maxBytes } satisfies WorkerSettings });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    promise.catch(() => {});
    this.#worker.on('message', (message: WorkerMessage) => this.#receive(message, resolve));
    this.gone = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.on('messageerror', (error) => this.#endBecause(error.message));
    this.#worker.on('error', (error) => {
      this.#reason = error instanceof Error ? error.message : String(error);
    });
    this.#worker.on('exit', (code) => {
      if (code !== 0 && this.#reason === 'it was stopped') this.#reason = `exit code ${code}`;
      this.#end();
      reject(this.#died());
    });
  }

  /** Requests under way. */
  get running(): number {
    return this.#pending.size;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  async load(version: ModelVersion, paths: ReadonlyMap<string, string>): Promise<void> {
    const { digest } = version.artifact;
    this.#asked.set(digest, version);
    await this.#ask({ type: 'load', version, paths });
    this.open.set(digest, version);
  }

  async run(
    digest: string,
    inputs: ReadonlyMap<string, Tensor>,
    names: readonly string[],
  ): Promise<TimedOutputs> {
    const { tensors, moved } = pack(inputs);
    const { outputs = new Map(), ms = 0 } = await this.#ask(
      { type: 'run', digest, inputs: tensors, outputs: names },
      moved,
    );
    return { outputs, ms };
  }

  async forget(digest: string): Promise<void> {
    this.open.delete(digest);
    this.#asked.delete(digest);
    await this.#ask({ type: 'forget', digest });
  }

  /**
   * Ends the thread; what runs on it fails with the reason at once.
   *
   * The thread itself goes when what it computes is done. It is never terminated: onnxruntime's binding, when it comes
   * back from a computation into a thread that is being terminated, throws where nobody catches, which ends the process.
   *
   * @returns settled when the thread is gone, or after the patience of those who wait for it
   */
  async stop(reason = this.#reason): Promise<void> {
    this.#reason = reason;
    if (!this.#isEnded) this.#worker.postMessage({ type: 'stop', id: 0 } satisfies WorkerRequest);
    this.#end();
    const goneEarly = new AbortController();
    await Promise.race([
      this.gone.then(() => goneEarly.abort()),
      sleep(STOP_PATIENCE_MS, undefined, { signal: goneEarly.signal }).catch(() => {}),
    ]);
    this.#worker.unref();
  }

  #ask(request: Asked, transfer: ArrayBuffer[] = []): Promise<Done> {
    if (this.#isEnded) return Promise.reject(this.#died());
    this.#nextId += 1;
    const id = this.#nextId;
    return new Promise((resolve, reject) => {
      this.#worker.postMessage({ ...request, id } satisfies WorkerRequest, transfer);
      if (this.#pending.size === 0) this.lastSign = performance.now();
      this.#pending.set(id, { resolve, reject });
    });
  }

  #receive(message: WorkerMessage, onReady: () => void): void {
    this.lastSign = performance.now();
    switch (message.type) {
      case 'ready':
        onReady();
        break;
      case 'event':
        this.#note(message.event);
        this.#options.onEvent(message.event, this);
        break;
      case 'done':
        this.#settle(message.id)?.resolve(message);
        break;
      case 'failed':
        this.#settle(message.id)?.reject(receivedError(message.error));
        break;
    }
  }

  #note(event: EngineEvent): void {
    if (event.type === 'session-evicted') this.open.delete(event.digest);
    if (event.type !== 'session-loaded') return;
    this.opened += 1;
    const version = this.#asked.get(event.digest);
    if (version) this.open.set(event.digest, version);
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #endBecause(reason: string): void {
    this.stop(reason).catch(() => {});
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const { reject } of this.#pending.values()) reject(this.#died());
    this.#pending.clear();
    this.#options.onEnd(this);
  }

  #died(): UnavailableError {
    return new UnavailableError(
      'WORKER_DIED',
      `The worker that ran this request ended (${this.#reason}) and is being replaced. Send the request again.`,
    );
  }
}

function receivedError({ message, stack, strata }: SentError): Error {
  if (!strata) return Object.assign(new Error(message), { stack });
  const { code, isInput, ...options } = strata;
  return isInput ? new InvalidInputError(code, message, options) : new StrataError(code, message, options);
}
