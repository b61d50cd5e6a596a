import { INTERNAL_ERROR, StrataError } from '../errors.ts';
import type { ProtocolResponse } from './http.ts';
import { ProtocolError } from './protocol-error.ts';

const RETRY_AFTER_SECONDS = '1';

/**
 * The answer to a request that failed, in the one body that clients of the Open Inference Protocol, of MLflow and of
 * AWS can read. What an internal failure says stays inside.
 */
export function errorResponse(error: unknown, requestId: string): ProtocolResponse {
  if (!(error instanceof StrataError))
    return refusal(500, INTERNAL_ERROR.error_code, INTERNAL_ERROR.message, requestId);
  const { statusCode, code, message } = error;
  return refusal(statusCode, code, statusCode === 500 ? INTERNAL_ERROR.message : message, requestId, {
    ...(error instanceof ProtocolError && error.headers),
    ...(error.retryable && statusCode === 503 && { 'retry-after': RETRY_AFTER_SECONDS }),
  });
}

/** Whether an operator should hear of it: neither the caller's mistake nor something that is not offered. */
export function isFailureOfService(error: unknown): boolean {
  return !(error instanceof StrataError) || isFailureStatus(error.statusCode);
}

/** Whether a status says that the service failed; 501 says that it does not offer what was asked for. */
export function isFailureStatus(status: number): boolean {
  return status >= 500 && status !== 501;
}

function refusal(
  status: number,
  code: string,
  message: string,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): ProtocolResponse {
  const body = { error: message, error_code: code, message, request_id: requestId };
  return {
    status,
    // KServe's client compares the whole value, so it names no charset.
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(body)),
    errorCode: code,
  };
}
