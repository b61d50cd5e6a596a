/** What every error of Strata carries beside its message. */
export interface StrataErrorOptions {
  /** HTTP status at the edge; 500 unless told otherwise. */
  readonly statusCode?: number;
  /** Whether the same call may succeed later without a change by the caller. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * The one error type of the domain.
 *
 * `code` is the contract (clients, alarms and runbooks match it); the message says what was wrong, where, and what
 * to do. Messages of errors below status 500 reach the caller as they are, so they never hold secrets.
 */
export class StrataError extends Error {
  override readonly name: string = 'StrataError';
  readonly code: string;
  readonly statusCode: number;
  readonly retryable: boolean;

  constructor(code: string, message: string, options: StrataErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.statusCode = options.statusCode ?? 500;
    this.retryable = options.retryable ?? false;
  }
}

/** The caller's input is wrong: 400 unless a more exact 4xx status is given. */
export class InvalidInputError extends StrataError {
  override readonly name: string = 'InvalidInputError';

  constructor(code: string, message: string, options: StrataErrorOptions = {}) {
    super(code, message, { statusCode: 400, ...options });
  }
}

/** Something that the caller named does not exist (404). */
export class NotFoundError extends StrataError {
  override readonly name: string = 'NotFoundError';

  constructor(code: string, message: string, options: StrataErrorOptions = {}) {
    super(code, message, { statusCode: 404, ...options });
  }
}

/** The caller is known and may not do this (403). */
export class PermissionDeniedError extends StrataError {
  override readonly name: string = 'PermissionDeniedError';

  constructor(message: string, options: StrataErrorOptions = {}) {
    super('PERMISSION_DENIED', message, { statusCode: 403, ...options });
  }
}

/** The service cannot answer now and may later (503, retryable). */
export class UnavailableError extends StrataError {
  override readonly name: string = 'UnavailableError';

  constructor(code: string, message: string, options: StrataErrorOptions = {}) {
    super(code, message, { statusCode: 503, retryable: true, ...options });
  }
}

/** What a caller learns of a fault of ours; the rest is in the log. */
export const INTERNAL_ERROR = {
  error: 'The request could not be served',
  error_code: 'INTERNAL',
  message: 'The request could not be served',
} as const;
