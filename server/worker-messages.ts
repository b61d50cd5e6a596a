import type { EngineEvent } from '../core/engine/engine-event.ts';
import { StrataError } from '../core/errors.ts';
import type { ModelVersion } from '../core/registry/model-version.ts';
import type { Tensor } from '../core/tensor/tensor.ts';

/** What a worker needs to begin. */
export interface WorkerSettings {
  /** Where it keeps verified model files; workers share it. */
  readonly directory: string;
  /** Most bytes of model files whose sessions it keeps open. */
  readonly maxBytes: number;
}

/** What the server asks of a worker. Each has one answer with the same id. */
export type WorkerRequest =
  | {
      readonly id: number;
      readonly type: 'load';
      readonly version: ModelVersion;
      readonly paths: ReadonlyMap<string, string>;
    }
  | {
      readonly id: number;
      readonly type: 'run';
      readonly digest: string;
      readonly inputs: ReadonlyMap<string, Tensor>;
      readonly outputs: readonly string[];
    }
  | { readonly id: number; readonly type: 'forget'; readonly digest: string }
  /** End once what is under way is done. Its answer is the end of the thread. */
  | { readonly id: number; readonly type: 'stop' };

export type WorkerMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'event'; readonly event: EngineEvent }
  | {
      readonly type: 'done';
      readonly id: number;
      readonly outputs?: Map<string, Tensor>;
      /** How long the run took, in milliseconds. */
      readonly ms?: number;
    }
  | { readonly type: 'failed'; readonly id: number; readonly error: SentError };

/** An error as it crosses threads: a clone would lose what the edge needs. */
export interface SentError {
  readonly message: string;
  readonly stack?: string | undefined;
  /** Absent for a fault of ours. */
  readonly strata?: {
    readonly code: string;
    readonly statusCode: number;
    readonly retryable: boolean;
    /** The caller's mistake. */
    readonly isInput: boolean;
  };
}

/** Below, copying is cheaper than handing over (measured: a move costs about 2 us whatever its size). */
export const LEAST_MOVED_BYTES = 16 * 1024;

/** Tensors as they go to another thread, and the memory that goes with them instead of being copied. */
export interface Parcel {
  readonly tensors: Map<string, Tensor>;
  readonly moved: ArrayBuffer[];
}

/**
 * Packs tensors: large ones are moved, with all of the memory that they are a view of, and are empty here afterwards.
 * Small ones are copied, alone: a clone of a view would copy whatever else is in the same memory, for example all that
 * came in on a socket.
 */
export function pack(tensors: ReadonlyMap<string, Tensor>): Parcel {
  const moved = new Set<ArrayBuffer>();
  const packed = new Map<string, Tensor>();
  for (const [name, tensor] of tensors) {
    const { data } = tensor;
    const isPart = !Array.isArray(data) && data.byteLength < data.buffer.byteLength;
    if (Array.isArray(data)) packed.set(name, tensor);
    else if (data.byteLength < LEAST_MOVED_BYTES)
      packed.set(name, isPart ? { ...tensor, data: data.slice() } : tensor);
    else {
      packed.set(name, tensor);
      if (data.buffer instanceof ArrayBuffer) moved.add(data.buffer);
    }
  }
  return { tensors: packed, moved: [...moved] };
}

export function sendError(error: unknown): SentError {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack } = error;
  if (!(error instanceof StrataError)) return { message, stack };
  const { code, statusCode, retryable } = error;
  return { message, stack, strata: { code, statusCode, retryable, isInput: statusCode === 400 } };
}
