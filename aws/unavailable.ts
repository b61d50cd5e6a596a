import { UnavailableError } from '../core/errors.ts';

export const REGISTRY_SILENT =
  'The model registry does not answer at the moment; try again in a few seconds.';

/** What the SDK adds to an error that a service answered, and Node to one of the connection. */
interface ServiceError {
  readonly name?: string;
  readonly code?: string;
  readonly $retryable?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const THROTTLED = new Set([
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

const NO_ANSWER = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'TimeoutError',
]);

/**
 * Tells an outage from a mistake: throttling, a failing service and a broken connection become an UnavailableError
 * with the code and message of the caller; anything else (no permission, no such table) stays what it is.
 */
export function orUnavailable(error: unknown, code: string, message: string): unknown {
  return isOutage(error) ? new UnavailableError(code, message, { cause: error }) : error;
}

function isOutage(error: unknown): boolean {
  const { name = '', code = '', $retryable, $metadata } = error as ServiceError;
  return (
    $retryable !== undefined ||
    ($metadata?.httpStatusCode ?? 0) >= 500 ||
    THROTTLED.has(name) ||
    NO_ANSWER.has(name) ||
    NO_ANSWER.has(code)
  );
}
