import { StrataError } from '../errors.ts';
import { withModel } from './open-model.ts';

/** Codes that say nothing about the model: there is no runtime here to ask. */
const NOBODY_TO_ASK = new Set(['RUNTIME_MISSING', 'UNSUPPORTED_HOST']);

/**
 * Opens a model file once, as serving it would, and lets it go again: only the runtime itself knows whether it has the
 * operators for the types in a graph. Takes about twice the file's size in memory meanwhile.
 *
 * @returns false when onnxruntime cannot be asked, because it is not installed or does not run on this machine
 * @throws InvalidInputError `MODEL_LOAD_FAILED`: here the file is at fault, not the service
 */
export async function opensWithRuntime(path: string): Promise<boolean> {
  try {
    await withModel(path, {}, async () => {});
    return true;
  } catch (error) {
    if (error instanceof StrataError && NOBODY_TO_ASK.has(error.code)) return false;
    throw error;
  }
}
