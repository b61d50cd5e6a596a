import { InvalidInputError, StrataError } from '../errors.ts';
import { errorResponse } from '../protocol/error-response.ts';
import type { ProtocolResponse } from '../protocol/http.ts';

/**
 * MLflow's codes: a client turns one that it does not know into INTERNAL_ERROR, and warns. Source: MLflow, ErrorCode of
 * databricks.proto, and mlflow.exceptions.
 */
const CODES_BY_STATUS: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'RESOURCE_DOES_NOT_EXIST',
  405: 'BAD_REQUEST',
  409: 'RESOURCE_CONFLICT',
  429: 'REQUEST_LIMIT_EXCEEDED',
  500: 'INTERNAL_ERROR',
  501: 'NOT_IMPLEMENTED',
  503: 'TEMPORARILY_UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** Errors of ours that MLflow has a code of its own for. */
const CODES: Readonly<Record<string, string>> = {
  MODEL_EXISTS: 'RESOURCE_ALREADY_EXISTS',
  EXPERIMENT_EXISTS: 'RESOURCE_ALREADY_EXISTS',
  ENDPOINT_NOT_FOUND: 'ENDPOINT_NOT_FOUND',
};

/**
 * The answer to a request that failed: the body of every API here, with the code in MLflow's words. `errorCode`, for those
 * who count, stays ours.
 */
export function mlflowErrorResponse(error: unknown, requestId: string): ProtocolResponse {
  const answer = errorResponse(error, requestId);
  const code = mlflowCode(error);
  const body = { ...JSON.parse(Buffer.from(answer.body).toString()), error_code: code };
  return { ...answer, body: Buffer.from(JSON.stringify(body)) };
}

function mlflowCode(error: unknown): string {
  if (!(error instanceof StrataError)) return 'INTERNAL_ERROR';
  return CODES[error.code] ?? CODES_BY_STATUS[error.statusCode] ?? 'INVALID_PARAMETER_VALUE';
}

/** A field or its value is wrong. */
export function invalidParameter(message: string): InvalidInputError {
  return new InvalidInputError('INVALID_PARAMETER_VALUE', message);
}
