import { InvalidInputError, StrataError, UnavailableError } from '../errors.ts';
import { runtimeReason } from './runtime-reason.ts';

/**
 * What the C++ library, onnxruntime's allocators and V8 say when they get no memory. onnxruntime passes all of them on as
 * plain errors, and the session stays good.
 */
const NO_MEMORY =
  /std::bad_alloc|bad allocation|failed to allocate memory|out of memory|array buffer allocation failed|invalid (?:typed )?array length/i;

/** What went wrong when a session was run: the values (400), or the memory that the operators needed for them (507). */
export function runFailure(cause: unknown): StrataError {
  const reason = runtimeReason(cause);
  if (NO_MEMORY.test(reason)) {
    return new StrataError(
      'OUT_OF_MEMORY',
      `There is not enough memory to run the model with these inputs: ${reason}. Send fewer rows in one request, or give the service more memory. The models that are open go on answering.`,
      { statusCode: 507, cause },
    );
  }
  return new InvalidInputError('INFERENCE_FAILED', `The model refuses these inputs: ${reason}`, { cause });
}

/** What went wrong when a verified file was opened. */
export function openFailure(cause: unknown): UnavailableError {
  const reason = runtimeReason(cause);
  if (NO_MEMORY.test(reason)) {
    return new UnavailableError(
      'OUT_OF_MEMORY',
      `There is not enough memory to open the model: ${reason}. Give the service more memory; a model takes about twice the size of its file.`,
      { cause },
    );
  }
  return new UnavailableError('MODEL_LOAD_FAILED', `onnxruntime does not open the model: ${reason}`, {
    cause,
  });
}
