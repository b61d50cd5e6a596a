import { StrataError } from '../errors.ts';
import type { ModelVersion } from '../registry/model-version.ts';
import { RecentlyUsed } from '../registry/recently-used.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Engine } from './engine.ts';
import type { LoadPurpose, ModelRunner } from './model-runner.ts';
import { sizeOf } from './request-size.ts';
import { RunTimes } from './run-times.ts';

export interface BudgetedRunnerOptions {
  readonly engine: Pick<Engine, 'run' | 'load' | 'isOpen'>;
  /** Milliseconds that the request at hand has left; undefined when it has no end. */
  readonly remainingMs: () => number | undefined;
  /** What encoding and sending the answer may take, in milliseconds. @default 500 */
  readonly reserveMs?: number;
  /** Clock in milliseconds. */
  readonly now?: () => number;
}

/** Versions of which the times are kept. */
const CAPACITY = 1000;

/**
 * Refuses what would not be done before the request has to end: nothing can interrupt onnxruntime, and a process that is
 * ended in the middle of a run takes its open models along and answers nobody. What takes how long is learned from what
 * was done before, so the first of its kind is always tried.
 */
export class BudgetedRunner implements ModelRunner {
  readonly #options: Required<BudgetedRunnerOptions>;
  readonly #loads = new RecentlyUsed<string, number>(CAPACITY);
  readonly #runs = new RecentlyUsed<string, RunTimes>(CAPACITY);

  constructor(options: BudgetedRunnerOptions) {
    this.#options = { reserveMs: 500, now: () => performance.now(), ...options };
  }

  /** @throws StrataError `DEADLINE_EXCEEDED` (504); and what the engine throws */
  load(version: ModelVersion, purpose?: LoadPurpose): Promise<void> {
    const { engine } = this.#options;
    return engine.isOpen(version) ? engine.load(version, purpose) : this.#open(version, purpose);
  }

  async #open(version: ModelVersion, purpose?: LoadPurpose): Promise<void> {
    const { engine, now } = this.#options;
    const { digest } = version.artifact;
    this.#refuseIfLate(this.#loads.get(digest) ?? 0, (needed, left) => {
      return `Opening the model takes about ${needed}, and ${left} of the time that a request has are left. Try again; when that happens again and again, give the service more memory, with which its processor time grows, or register a smaller model.`;
    });
    const started = now();
    await engine.load(version, purpose);
    this.#loads.set(digest, now() - started);
  }

  /** @throws StrataError `DEADLINE_EXCEEDED` (504); and what the engine throws */
  async run(
    version: ModelVersion,
    inputs: ReadonlyMap<string, Tensor>,
    outputs: readonly string[],
  ): Promise<Map<string, Tensor>> {
    const { engine, now } = this.#options;
    const { amount } = sizeOf(inputs);
    const times = this.#timesOf(version);
    this.#refuseIfLate(times.atLeast(amount), (needed, left) => {
      return `The model takes at least ${needed} for inputs of this size, and ${left} of the time that a request has are left. Send fewer rows in one request.`;
    });
    const started = now();
    const results = await engine.run(version, inputs, outputs);
    times.learn(amount, now() - started);
    return results;
  }

  #timesOf({ artifact }: ModelVersion): RunTimes {
    const known = this.#runs.get(artifact.digest);
    if (known) return known;
    const times = new RunTimes();
    this.#runs.set(artifact.digest, times);
    return times;
  }

  #refuseIfLate(neededMs: number, message: (needed: string, left: string) => string): void {
    const { remainingMs, reserveMs } = this.#options;
    const left = remainingMs();
    if (left === undefined || left - reserveMs >= neededMs) return;
    throw new StrataError('DEADLINE_EXCEEDED', message(seconds(neededMs), seconds(left)), {
      statusCode: 504,
      retryable: true,
    });
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
