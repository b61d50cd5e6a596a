import type { InferenceSession } from 'onnxruntime-node';
import { INTERNAL_ERROR, InvalidInputError, StrataError, UnavailableError } from '../errors.ts';
import type { ModelDescription } from '../onnx/model-description.ts';
import type { ArtifactReader } from '../registry/artifact-reader.ts';
import type { ModelVersion } from '../registry/model-version.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { EngineEvent } from './engine-event.ts';
import type { Runtime } from './load-runtime.ts';
import { ModelFiles } from './model-files.ts';
import type { ModelRunner } from './model-runner.ts';
import { runtimeReason } from './runtime-reason.ts';
import { fromRuntime, toRuntime } from './runtime-tensor.ts';
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
  readonly onEvent?: (event: EngineEvent) => void;
  /** Clock in milliseconds. */
  readonly now?: () => number;
  readonly freeBytes?: (directory: string) => Promise<number>;
}

interface OpenModel {
  readonly runtime: Runtime;
  readonly session: InferenceSession;
  release(): Promise<void>;
}

/** Runs models in this process with onnxruntime, each verified before it is opened, warmed, and kept open while there is room. */
export class Engine implements ModelRunner {
  readonly #options: EngineOptions;
  readonly #files: ModelFiles;
  readonly #sessions: SessionCache<OpenModel>;

  constructor(options: EngineOptions) {
    this.#options = options;
    const { artifacts, directory, maxBytes, freeBytes } = options;
    this.#files = new ModelFiles({
      artifacts,
      directory,
      freeBytes,
      onMismatch: (event) => this.#tell(event),
    });
    this.#sessions = new SessionCache({
      maxBytes,
      onEvicted: (digest, size) => this.#tell({ type: 'session-evicted', digest, size }),
    });
  }

  run(
    version: ModelVersion,
    inputs: ReadonlyMap<string, Tensor>,
    outputs: readonly string[],
  ): Promise<Map<string, Tensor>> {
    return this.#use(version, async (model) => {
      refuseOverrides(version.description, inputs);
      return outputs.length === 0 ? new Map() : await infer(model, inputs, outputs);
    });
  }

  load(version: ModelVersion): Promise<void> {
    return this.#use(version, () => {});
  }

  /** Closes a version that nobody will ask for again, as soon as what runs on it has ended. */
  forget({ artifact }: Pick<ModelVersion, 'artifact'>): Promise<void> {
    return this.#sessions.forget(artifact.digest);
  }

  #use<T>(version: ModelVersion, work: (model: OpenModel) => T | Promise<T>): Promise<T> {
    const { digest, size } = version.artifact;
    return this.#sessions.use(digest, size, () => this.#openOrTell(version), work);
  }

  async #openOrTell(version: ModelVersion): Promise<OpenModel> {
    try {
      return await this.#open(version);
    } catch (error) {
      const { digest, size } = version.artifact;
      const code = error instanceof StrataError ? error.code : INTERNAL_ERROR.error_code;
      this.#tell({ type: 'load-failed', digest, size, code });
      throw error;
    }
  }

  async #open({ artifact, description }: ModelVersion): Promise<OpenModel> {
    const clock = stopwatch(this.#options.now ?? (() => performance.now()));
    // While the file comes, the runtime is loaded.
    const loading = startRuntime(this.#options);
    return await this.#files.use(artifact, async ({ path, source }) => {
      const fetchMs = clock();
      const runtime = await loading;
      const runtimeMs = clock();
      const session = await openSession(runtime, path, this.#options);
      const model = { runtime, session, release: () => session.release() };
      const openMs = clock();
      const warm = await warmUp(model, description);
      const { digest, size } = artifact;
      const parts = { runtimeMs, fetchMs, openMs, warmUpMs: clock() };
      this.#tell({ type: 'session-loaded', digest, size, source, ...parts, warm });
      return model;
    });
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
    throw new UnavailableError(
      'MODEL_LOAD_FAILED',
      `onnxruntime does not open the model: ${runtimeReason(cause)}`,
      {
        cause,
      },
    );
  }
}

async function warmUp(model: OpenModel, description: ModelDescription): Promise<boolean> {
  const outputs = description.outputs.map(({ name }) => name);
  try {
    await infer(model, warmUpInputs(description), outputs);
    return true;
  } catch {
    return false;
  }
}

async function infer(
  { runtime, session }: OpenModel,
  inputs: ReadonlyMap<string, Tensor>,
  outputs: readonly string[],
): Promise<Map<string, Tensor>> {
  try {
    const feeds = Object.fromEntries(
      [...inputs].map(([name, tensor]) => [name, toRuntime(runtime, name, tensor)]),
    );
    const results = await session.run(feeds, outputs);
    return new Map(Object.entries(results).map(([name, tensor]) => [name, fromRuntime(tensor)]));
  } catch (cause) {
    if (cause instanceof StrataError) throw cause;
    throw new InvalidInputError(
      'INFERENCE_FAILED',
      `The model refuses these inputs: ${runtimeReason(cause)}`,
      {
        cause,
      },
    );
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
