import type { InferenceSession } from 'onnxruntime-node';
import { INTERNAL_ERROR, InvalidInputError, StrataError } from '../errors.ts';
import type { ModelDescription } from '../onnx/model-description.ts';
import type { ArtifactReader } from '../registry/artifact-reader.ts';
import type { VerifyVersion } from '../registry/manifest-trust.ts';
import type { ModelVersion } from '../registry/model-version.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { EngineEvent } from './engine-event.ts';
import type { Runtime } from './load-runtime.ts';
import { ModelFiles } from './model-files.ts';
import { misfit, tooLarge } from './model-fit.ts';
import type { LoadPurpose, ModelRunner } from './model-runner.ts';
import { type OpenModel, runModel } from './open-model.ts';
import { OpenVersions } from './open-versions.ts';
import { openFailure } from './runtime-failure.ts';
import { SessionCache } from './session-cache.ts';
import { type CpuShare, sessionOptions } from './session-options.ts';
import { startRuntime } from './start-runtime.ts';
import { warmUpInputs } from './warm-up.ts';

export interface EngineOptions extends CpuShare {
  readonly artifacts: ArtifactReader;
  /** Where model files are kept, for example `/tmp/models`; made when it is missing. */
  readonly directory: string;
  /** Sum of the sizes of the models that stay open, in bytes of their files. A session takes about twice its file. */
  readonly maxBytes: number;
  /**
   * Sessions that this process opens before it keeps answering with the versions that it holds: onnxruntime does not give
   * back all memory of a session that is closed (microsoft/onnxruntime#25325).
   * @default - one for each 4 MB of `memoryMegabytes`: at the 0.12 MB that a closed session was measured to leave behind
   * (a recognition model of 11 MB), 3 % of the memory; without `memoryMegabytes` there is no limit
   */
  readonly maxOpened?: number;
  /** Models whose current version and the one before are closed only when nothing else can be: a rollback finds it open. */
  readonly pinned?: readonly string[];
  /**
   * Asked before a version is fetched, opened or run; once for each that passes.
   * @default - versions need no signature
   */
  readonly verify?: VerifyVersion | undefined;
  readonly onEvent?: (event: EngineEvent) => void;
  /** Clock in milliseconds. */
  readonly now?: () => number;
  readonly freeBytes?: (directory: string) => Promise<number>;
}

const MEGABYTES_PER_SESSION = 4;

const DONE = Promise.resolve();

interface HeldModel extends OpenModel {
  release(): Promise<void>;
}

/** Runs models in this process with onnxruntime, each verified before it is opened, and kept open while there is room. */
export class Engine implements ModelRunner {
  readonly #options: EngineOptions;
  readonly #files: ModelFiles;
  readonly #sessions: SessionCache<HeldModel>;
  readonly #versions = new OpenVersions();
  readonly #maxOpened: number;
  #opened = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    const { artifacts, directory, maxBytes, freeBytes, memoryMegabytes, pinned = [] } = options;
    const derived = memoryMegabytes === undefined ? Infinity : memoryMegabytes / MEGABYTES_PER_SESSION;
    this.#maxOpened = options.maxOpened ?? Math.floor(derived);
    this.#files = new ModelFiles({
      artifacts,
      directory,
      freeBytes,
      onMismatch: (event) => this.#tell(event),
    });
    this.#sessions = new SessionCache({
      maxBytes,
      isPinned: (digest) => pinned.some((model) => this.#versions.isRecent(model, digest)),
      onEvicted: (digest, size) => {
        this.#versions.closed(digest);
        this.#tell({ type: 'session-evicted', digest, size });
      },
    });
  }

  run(
    version: ModelVersion,
    inputs: ReadonlyMap<string, Tensor>,
    outputs: readonly string[],
  ): Promise<Map<string, Tensor>> {
    return this.#use(version, { runsNext: true }, (model) => {
      refuseOverrides(version.description, inputs);
      return outputs.length === 0 ? new Map() : runModel(model, inputs, outputs);
    });
  }

  load(version: ModelVersion, purpose: LoadPurpose = {}): Promise<void> {
    if (!this.#sessions.touch(version.artifact.digest)) return this.#use(version, purpose, () => {});
    this.#versions.used(version);
    return DONE;
  }

  /**
   * The version of the same model to answer with instead: the one that was used last, once this process has opened as many
   * sessions as it should and this version would be one more. Undefined when the version itself can answer, or must since
   * no other is open.
   */
  insteadOf(version: ModelVersion): ModelVersion | undefined {
    if (this.#mayOpen(version)) return undefined;
    const held = this.#versions.latest(version.model);
    if (held) this.#tellLimit(version, held);
    return held;
  }

  #mayOpen(version: ModelVersion): boolean {
    return this.#opened < this.#maxOpened || this.isOpen(version);
  }

  #tellLimit({ model, version }: ModelVersion, held: ModelVersion | undefined): void {
    const opened = this.#opened;
    this.#tell({ type: 'swap-limit-reached', model, version, instead: held?.version, opened });
  }

  /** Whether a version can be run without opening it first, or is being opened. */
  isOpen({ artifact }: Pick<ModelVersion, 'artifact'>): boolean {
    return this.#sessions.has(artifact.digest);
  }

  /** Closes a version that nobody will ask for again, as soon as what runs on it has ended. */
  forget({ artifact }: Pick<ModelVersion, 'artifact'>): Promise<void> {
    return this.#sessions.forget(artifact.digest);
  }

  async #use<T>(
    version: ModelVersion,
    purpose: LoadPurpose,
    work: (model: HeldModel) => T | Promise<T>,
  ): Promise<T> {
    this.#verify(version);
    const { digest, size } = version.artifact;
    return await this.#sessions.use(
      digest,
      size,
      () => this.#openOrTell(version, purpose),
      (model) => {
        this.#versions.used(version);
        return work(model);
      },
    );
  }

  async #openOrTell(version: ModelVersion, purpose: LoadPurpose): Promise<HeldModel> {
    try {
      return await this.#open(version, purpose);
    } catch (error) {
      const { digest, size } = version.artifact;
      const code = error instanceof StrataError ? error.code : INTERNAL_ERROR.error_code;
      this.#tell({ type: 'load-failed', digest, size, code });
      throw error;
    }
  }

  async #open(version: ModelVersion, { runsNext = false }: LoadPurpose): Promise<HeldModel> {
    const { artifact, description } = version;
    const reason = misfit(artifact, this.#options);
    if (reason !== undefined) throw tooLarge(reason);
    if (this.#opened >= this.#maxOpened) this.#tellLimit(version, undefined);
    const clock = stopwatch(this.#options.now ?? (() => performance.now()));
    // While the file comes, the runtime is loaded.
    const loading = startRuntime(this.#options);
    return await this.#files.use(artifact, async ({ path, source }) => {
      const fetchMs = clock();
      const runtime = await loading;
      const runtimeMs = clock();
      const session = await openSession(runtime, path, this.#options);
      this.#opened += 1;
      const model = { runtime, session, release: () => session.release() };
      const openMs = clock();
      const warm = !runsNext && (await warmUp(model, description));
      const { digest, size } = artifact;
      const parts = { runtimeMs, fetchMs, openMs, warmUpMs: clock() };
      this.#tell({ type: 'session-loaded', digest, size, source, ...parts, warm });
      return model;
    });
  }

  /** Also where the same file is open already, of another version: the rest of what the registry says is signed as well. */
  #verify(version: ModelVersion): void {
    try {
      this.#options.verify?.(version);
    } catch (error) {
      const { model, artifact } = version;
      const reason = error instanceof Error ? error.message : String(error);
      this.#tell({
        type: 'signature-invalid',
        model,
        version: version.version,
        digest: artifact.digest,
        reason,
      });
      throw error;
    }
  }

  #tell(event: EngineEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** From the path: handing over the bytes would keep them in memory twice. */
async function openSession(runtime: Runtime, path: string, share: CpuShare): Promise<InferenceSession> {
  try {
    return await runtime.InferenceSession.create(path, sessionOptions(share));
  } catch (cause) {
    throw openFailure(cause);
  }
}

async function warmUp(model: OpenModel, description: ModelDescription): Promise<boolean> {
  const outputs = description.outputs.map(({ name }) => name);
  try {
    await runModel(model, warmUpInputs(description), outputs);
    return true;
  } catch {
    return false;
  }
}

/** onnxruntime's JavaScript API ignores values for inputs that have a default, silently. */
function refuseOverrides({ inputs }: ModelDescription, given: ReadonlyMap<string, Tensor>): void {
  const overridden = inputs.find(({ name, optional }) => optional && given.has(name));
  if (!overridden) return;
  throw new InvalidInputError(
    'INFERENCE_FAILED',
    `The input "${overridden.name}" has a default in the model, which onnxruntime cannot replace here. Leave it out, or register a model in which it has no default.`,
  );
}

/** Milliseconds since the last call. */
function stopwatch(now: () => number): () => number {
  let last = now();
  return () => {
    const passed = now() - last;
    last += passed;
    return passed;
  };
}
