import { createReadStream } from 'node:fs';
import { Engine } from '../core/engine/engine.ts';
import type { EngineEvent } from '../core/engine/engine-event.ts';
import type { NearRunner } from '../core/engine/micro-batcher.ts';
import type { ModelRunner } from '../core/engine/model-runner.ts';
import { sizeOf } from '../core/engine/request-size.ts';
import { RunTimes } from '../core/engine/run-times.ts';
import { startRuntime } from '../core/engine/start-runtime.ts';
import type { Artifact, ModelVersion } from '../core/registry/model-version.ts';
import { RecentlyUsed } from '../core/registry/recently-used.ts';
import type { Tensor } from '../core/tensor/tensor.ts';
import { hasBoundedRuns } from './bounded-runs.ts';
import { FilePaths } from './file-paths.ts';
import { timedRun } from './timed-run.ts';

export interface NearEngineOptions {
  /** Runs what turns out to be too long for this thread. */
  readonly workers: ModelRunner;
  /** Where verified model files are kept. */
  readonly directory: string;
  /** Paths of the artifact's files on this machine, by digest. */
  readonly locate: (artifact: Artifact) => Promise<ReadonlyMap<string, string>>;
  /** How long a run may take to be done here, in milliseconds. @default 0.1 */
  readonly longestMs?: number;
  /** Runs on a worker before a version is opened here. @default 16 */
  readonly trials?: number;
  readonly onEvent?: (event: EngineEvent) => void;
}

/** Opening a larger file would itself hold up this thread. */
const LARGEST_FILE = 8 * 2 ** 20;
/** Files of all models that are open here; the least recently used is closed. */
const MOST_BYTES = 8 * LARGEST_FILE;
/** Versions opened here in the life of the process: onnxruntime keeps a little memory of each that is closed. */
const MOST_OPENED = 100;
/** Versions of which run times are kept. */
const VERSIONS = 1000;

interface Known {
  readonly times: RunTimes;
  runs: number;
  /** How much may be run here now; 0 while the version is not open here. */
  most: number;
  state: 'on-workers' | 'opening' | 'open';
}

/**
 * Runs models on the thread that answers clients, where that costs this thread less than handing the run to a worker and
 * taking it back: a request to the demo model that comes alone takes 0.06 ms instead of 0.13.
 *
 * How long a version takes is learned on the workers first, by how much there is to compute, and then from every run
 * here. One long run is enough to send it back. What could compute without end, or open for long, is never taken.
 */
export class NearEngine implements NearRunner {
  readonly #options: Required<Omit<NearEngineOptions, 'onEvent'>>;
  readonly #engine: Engine;
  readonly #known = new RecentlyUsed<string, Known>(VERSIONS);
  /** Where files of versions come from that are being opened. */
  readonly #paths = new FilePaths();
  #opened = 0;

  constructor({ onEvent = () => {}, ...options }: NearEngineOptions) {
    this.#options = { longestMs: 0.1, trials: 16, ...options };
    this.#engine = new Engine({
      artifacts: { open: async ({ digest }) => createReadStream(this.#paths.of(digest) ?? digest) },
      directory: options.directory,
      maxBytes: MOST_BYTES,
      threads: 1,
      onEvent: (event) => {
        if (event.type === 'session-evicted') this.#known.delete(event.digest);
        onEvent(event);
      },
    });
  }

  /** Loads the runtime while nobody waits. */
  async ready(): Promise<void> {
    await startRuntime({ threads: 1 });
  }

  most({ artifact }: ModelVersion): number {
    return this.#known.get(artifact.digest)?.most ?? 0;
  }

  load(version: ModelVersion): Promise<void> {
    return this.#options.workers.load(version);
  }

  /** Runs here; what has become too long since it was queued goes to the workers. */
  async run(
    version: ModelVersion,
    inputs: ReadonlyMap<string, Tensor>,
    names: readonly string[],
  ): Promise<Map<string, Tensor>> {
    const { amount } = sizeOf(inputs);
    if (amount > this.most(version)) return await this.#options.workers.run(version, inputs, names);
    const { outputs, ms } = await timedRun(this.#engine, version, inputs, names);
    this.learn(version, amount, ms);
    return outputs;
  }

  /** A run, here or on a worker, took so long. */
  learn(version: ModelVersion, amount: number, ms: number): void {
    const { longestMs, trials } = this.#options;
    const known = this.#knownOf(version);
    known.times.learn(amount, ms);
    known.runs += 1;
    const most = known.runs < trials ? 0 : known.times.mostWithin(longestMs);
    if (known.state === 'open') known.most = most;
    else if (known.state === 'on-workers' && most > 0 && this.#mayOpen(version))
      void this.#open(version, known);
  }

  /** Closes a version that is not served any longer. */
  async forget(version: Pick<ModelVersion, 'artifact'>): Promise<void> {
    this.#known.delete(version.artifact.digest);
    await this.#engine.forget(version);
  }

  #knownOf({ artifact }: ModelVersion): Known {
    const known = this.#known.get(artifact.digest);
    if (known) return known;
    const fresh: Known = { times: new RunTimes(), runs: 0, most: 0, state: 'on-workers' };
    this.#known.set(artifact.digest, fresh);
    return fresh;
  }

  #mayOpen({ artifact, description }: ModelVersion): boolean {
    return artifact.size <= LARGEST_FILE && this.#opened < MOST_OPENED && hasBoundedRuns(description);
  }

  async #open(version: ModelVersion, known: Known): Promise<void> {
    const { digest } = version.artifact;
    known.state = 'opening';
    this.#opened += 1;
    try {
      this.#paths.set(digest, await this.#options.locate(version.artifact));
      await this.#engine.load(version);
      if (this.#known.get(digest) === known) known.state = 'open';
      // It was let go meanwhile, unless it came back too.
      else if (this.#known.get(digest)?.state !== 'opening') await this.#engine.forget(version);
    } catch {
      // That was told as an event. The workers have the version open, and keep it.
    } finally {
      const current = this.#known.get(digest);
      if (current === known || current?.state !== 'opening') this.#paths.delete(digest);
    }
  }
}
