import type * as apigateway from 'aws-cdk-lib/aws-apigateway';

/** An answer of API Gateway itself, before or instead of a function. */
export interface GatewayError {
  readonly type: apigateway.ResponseType;
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Scheme by which to authenticate: goes with status 401, in the header `WWW-Authenticate`. */
  readonly challenge?: string;
}

/** The body that clients of the Open Inference Protocol and of MLflow read, as a template of API Gateway. */
export function errorTemplate({ code, message }: GatewayError): { [contentType: string]: string } {
  const body = { error: message, error_code: code, message, request_id: '$context.requestId' };
  return { 'application/json': JSON.stringify(body) };
}
