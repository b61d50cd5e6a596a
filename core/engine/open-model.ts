import type { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { InvalidInputError, StrataError } from '../errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { loadRuntime, type Runtime } from './load-runtime.ts';
import { runFailure } from './runtime-failure.ts';
import { runtimeReason } from './runtime-reason.ts';
import { fromRuntime, toRuntime } from './runtime-tensor.ts';
import { type CpuShare, sessionOptions } from './session-options.ts';

/** A model that is open in this process. */
export interface OpenModel {
  readonly runtime: Runtime;
  readonly session: InferenceSession;
}

/**
 * Opens a model file as serving it would; weights that stand beside it are found by its path.
 *
 * @param changes session options that differ from those of serving
 * @throws InvalidInputError `MODEL_LOAD_FAILED`
 * @throws StrataError `RUNTIME_MISSING`, `UNSUPPORTED_HOST`
 */
export async function openModel(
  path: string,
  share: CpuShare,
  changes: InferenceSession.SessionOptions = {},
): Promise<OpenModel> {
  const runtime = await loadRuntime();
  try {
    const session = await runtime.InferenceSession.create(path, { ...sessionOptions(share), ...changes });
    return { runtime, session };
  } catch (cause) {
    throw new InvalidInputError(
      'MODEL_LOAD_FAILED',
      `onnxruntime does not open the model: ${runtimeReason(cause, path)}`,
      { cause },
    );
  }
}

/** Opens a model, calls `work` with it, and lets it go. Errors are those of `openModel` and of `work`. */
export async function withModel<T>(
  path: string,
  share: CpuShare,
  work: (model: OpenModel) => Promise<T>,
): Promise<T> {
  const model = await openModel(path, share);
  try {
    return await work(model);
  } finally {
    await model.session.release();
  }
}

/**
 * @param outputs names of the outputs to compute; all of them unless given
 * @returns tensors by output name
 * @throws InvalidInputError `INFERENCE_FAILED` when the runtime refuses the values
 * @throws StrataError `OUT_OF_MEMORY`
 */
export async function runModel(
  { runtime, session }: OpenModel,
  inputs: ReadonlyMap<string, Tensor>,
  outputs: readonly string[] = session.outputNames,
): Promise<Map<string, Tensor>> {
  const feeds: Record<string, RuntimeTensor> = {};
  const computed = new Map<string, Tensor>();
  try {
    for (const [name, tensor] of inputs) feeds[name] = toRuntime(runtime, name, tensor);
    const results = await session.run(feeds, outputs);
    for (const name of outputs) {
      const tensor = results[name];
      if (tensor) computed.set(name, fromRuntime(tensor));
    }
    return computed;
  } catch (cause) {
    if (cause instanceof StrataError) throw cause;
    throw runFailure(cause);
  }
}
