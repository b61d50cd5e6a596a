/** What an engine tells of itself, for logs and metrics. */
export type EngineEvent =
  | SessionLoaded
  | LoadFailed
  | SessionEvicted
  | SwapLimitReached
  | DigestMismatch
  | SignatureInvalid;

/** A model was fetched, verified and opened, and warmed unless a request waits for it. */
export interface SessionLoaded {
  readonly type: 'session-loaded';
  readonly digest: string;
  /** Size of the file in bytes. */
  readonly size: number;
  /** Whether the verified file lay on the disk already. */
  readonly source: 'disk' | 'store';
  /**
   * Milliseconds, one after the other: file here and verified, wait for the runtime beyond that (it is loaded meanwhile),
   * session open, first run; 0 where none was made.
   */
  readonly fetchMs: number;
  readonly runtimeMs: number;
  readonly openMs: number;
  readonly warmUpMs: number;
  /**
   * Whether a first run was made and worked. A model that refuses invented inputs is served all the same; where a request
   * waits, its own run is the first.
   */
  readonly warm: boolean;
}

/** A model could not be fetched, verified or opened. Told once for each attempt, however many requests wait for it. */
export interface LoadFailed {
  readonly type: 'load-failed';
  readonly digest: string;
  /** Size of the file in bytes, as it was registered. */
  readonly size: number;
  /** Code of the error that those who wait get; `INTERNAL` for a fault of ours. */
  readonly code: string;
}

/** A session was closed to make room for another. */
export interface SessionEvicted {
  readonly type: 'session-evicted';
  readonly digest: string;
  readonly size: number;
}

/**
 * A request asked for a model that is not open, in a process that has opened as many as it should. Told for each such
 * request.
 */
export interface SwapLimitReached {
  readonly type: 'swap-limit-reached';
  readonly model: string;
  /** The version that was asked for. */
  readonly version: string;
  /** The version that answers instead; undefined when none of the model is open, so that one is opened all the same. */
  readonly instead: string | undefined;
  /** Sessions that the process has opened. */
  readonly opened: number;
}

/** Bytes were not those that the registry holds a digest of. They were deleted. Security relevant. */
export interface DigestMismatch {
  readonly type: 'digest-mismatch';
  readonly source: 'disk' | 'store';
  readonly expected: { readonly digest: string; readonly size: number };
  readonly actual: { readonly digest: string; readonly size: number };
}

/** No trusted key signed what the registry says of a version. It was not opened. Security relevant. */
export interface SignatureInvalid {
  readonly type: 'signature-invalid';
  readonly model: string;
  readonly version: string;
  readonly digest: string;
  /** What was wrong, in words. */
  readonly reason: string;
}
