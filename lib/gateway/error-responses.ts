import * as apigateway from 'aws-cdk-lib/aws-apigateway';

interface GatewayError {
  readonly type: apigateway.ResponseType;
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const { ResponseType } = apigateway;

/** What API Gateway itself answers, before or instead of a function. */
const GATEWAY_ERRORS: readonly GatewayError[] = [
  {
    type: ResponseType.UNAUTHORIZED,
    status: 401,
    code: 'UNAUTHENTICATED',
    message: 'No valid access token: send the header Authorization: Bearer <token>',
  },
  {
    type: ResponseType.ACCESS_DENIED,
    status: 403,
    code: 'PERMISSION_DENIED',
    message: 'The access token has no scope that opens this path',
  },
  {
    type: ResponseType.EXPIRED_TOKEN,
    status: 403,
    code: 'PERMISSION_DENIED',
    message: 'The AWS credentials that signed this request have expired',
  },
  {
    type: ResponseType.INVALID_SIGNATURE,
    status: 403,
    code: 'PERMISSION_DENIED',
    message: 'The AWS signature of this request is not valid',
  },
  {
    type: ResponseType.WAF_FILTERED,
    status: 403,
    code: 'PERMISSION_DENIED',
    message: 'The request was refused by the web application firewall',
  },
  {
    type: ResponseType.MISSING_AUTHENTICATION_TOKEN,
    status: 404,
    code: 'ENDPOINT_NOT_FOUND',
    message: 'Not Found',
  },
  { type: ResponseType.RESOURCE_NOT_FOUND, status: 404, code: 'ENDPOINT_NOT_FOUND', message: 'Not Found' },
  {
    type: ResponseType.REQUEST_TOO_LARGE,
    status: 413,
    code: 'REQUEST_TOO_LARGE',
    message: 'The request is larger than the gateway accepts',
  },
  {
    type: ResponseType.UNSUPPORTED_MEDIA_TYPE,
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'The content type is not supported',
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
    type: ResponseType.AUTHORIZER_CONFIGURATION_ERROR,
    status: 500,
    code: 'INTERNAL',
    message: 'Access could not be decided',
  },
  {
    type: ResponseType.AUTHORIZER_FAILURE,
    status: 503,
    code: 'TEMPORARILY_UNAVAILABLE',
    message: 'Access could not be decided: try again later',
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

/** Gives API Gateway's own errors the body that clients of the Open Inference Protocol and of MLflow read. */
export function addErrorResponses(restApi: apigateway.RestApi): void {
  for (const { type, status, code, message } of GATEWAY_ERRORS) {
    const isDefault = type === ResponseType.DEFAULT_4XX || type === ResponseType.DEFAULT_5XX;
    restApi.addGatewayResponse(responseId(type.responseType), {
      type,
      // The defaults stand for many errors; each keeps its own status.
      statusCode: isDefault ? undefined : String(status),
      responseHeaders: status === 401 ? { 'WWW-Authenticate': "'Bearer'" } : undefined,
      templates: {
        'application/json': JSON.stringify({
          error: message,
          error_code: code,
          message,
          request_id: '$context.requestId',
        }),
      },
    });
  }
}

/** `ACCESS_DENIED` -> `AccessDenied`. */
function responseId(type: string): string {
  return type.toLowerCase().replace(/(?:^|_)(\w)/g, (_match, letter: string) => letter.toUpperCase());
}
