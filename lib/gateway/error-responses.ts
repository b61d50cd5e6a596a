import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { errorTemplate, type GatewayError } from '../private/gateway-error';

const { ResponseType } = apigateway;

/** What API Gateway itself answers, whoever may call. */
const GATEWAY_ERRORS: readonly GatewayError[] = [
  {
    type: ResponseType.WAF_FILTERED,
    status: 403,
    code: 'PERMISSION_DENIED',
    message: 'The request was refused by the web application firewall',
  },
  {
    type: ResponseType.REQUEST_TOO_LARGE,
    status: 413,
    code: 'REQUEST_TOO_LARGE',
    message: 'The request is larger than the gateway accepts',
  },
  {
    type: ResponseType.THROTTLED,
    status: 429,
    code: 'REQUEST_LIMIT_EXCEEDED',
    message: 'Too many requests: try again later',
  },
  {
    type: ResponseType.QUOTA_EXCEEDED,
    status: 429,
    code: 'REQUEST_LIMIT_EXCEEDED',
    message: 'The quota of this client is used up',
  },
  {
    type: ResponseType.INTEGRATION_FAILURE,
    status: 503,
    code: 'TEMPORARILY_UNAVAILABLE',
    message: 'The service did not answer: try again later',
  },
  {
    type: ResponseType.INTEGRATION_TIMEOUT,
    status: 504,
    code: 'DEADLINE_EXCEEDED',
    message: 'The service did not answer in time',
  },
  { type: ResponseType.DEFAULT_4XX, status: 400, code: 'BAD_REQUEST', message: 'The request was refused' },
  {
    type: ResponseType.DEFAULT_5XX,
    status: 500,
    code: 'INTERNAL',
    message: 'The request could not be served',
  },
];

/**
 * Gives API Gateway's own errors a body that every client reads.
 * @param more errors beside the usual ones, and in place of those of the same type
 */
export function addErrorResponses(restApi: apigateway.RestApi, more: readonly GatewayError[]): void {
  const errors = new Map([...GATEWAY_ERRORS, ...more].map((error) => [error.type.responseType, error]));
  for (const error of errors.values()) {
    const { type, status, challenge } = error;
    const isDefault = type === ResponseType.DEFAULT_4XX || type === ResponseType.DEFAULT_5XX;
    restApi.addGatewayResponse(responseId(type.responseType), {
      type,
      // The defaults stand for many errors; each keeps its own status.
      statusCode: isDefault ? undefined : String(status),
      responseHeaders: challenge ? { 'WWW-Authenticate': `'${challenge}'` } : undefined,
      templates: errorTemplate(error),
    });
  }
}

/** `ACCESS_DENIED` -> `AccessDenied`. */
function responseId(type: string): string {
  return type.toLowerCase().replace(/(?:^|_)(\w)/g, (_match, letter: string) => letter.toUpperCase());
}
