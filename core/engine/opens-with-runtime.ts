import type { InferenceSession } from 'onnxruntime-node';
import { InvalidInputError, StrataError } from '../errors.ts';
import { loadRuntime } from './load-runtime.ts';
import { runtimeReason } from './runtime-reason.ts';
import { sessionOptions } from './session-options.ts';

/**
 * Opens a model file once, as serving it would, and lets it go again: only the runtime itself knows whether it has the
 * operators for the types in a graph. Takes about twice the file's size in memory meanwhile.
 *
 * @returns false when onnxruntime cannot be asked, because it is not installed or does not run on this machine
 * @throws InvalidInputError `MODEL_LOAD_FAILED`: here the file is at fault, not the service
 */
export async function opensWithRuntime(path: string): Promise<boolean> {
  const runtime = await loadRuntime().catch((error: unknown) => {
    if (error instanceof StrataError) return undefined;
    throw error;
  });
  if (runtime === undefined) return false;
  let session: InferenceSession;
  try {
    session = await runtime.InferenceSession.create(path, sessionOptions({}));
  } catch (cause) {
    throw new InvalidInputError(
      'MODEL_LOAD_FAILED',
      `${doesNotOpen(cause, path)} Export the model again for onnxruntime, then check it with onnxruntime.InferenceSession("model.onnx") in Python.`,
      { cause },
    );
  }
  await session.release();
  return true;
}

function doesNotOpen(cause: unknown, path: string): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const reason = runtimeReason(message.replaceAll(path, ''));
  return `onnxruntime does not open the model: ${reason}${reason.endsWith('.') ? '' : '.'}`;
}
