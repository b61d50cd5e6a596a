import { ResponseType } from 'aws-cdk-lib/aws-apigateway';
import type { GatewayError } from '../private/gateway-error';

/** Where callers bring tokens. */
export const TOKEN_REFUSALS: readonly GatewayError[] = [
  {
    type: ResponseType.UNAUTHORIZED,
    status: 401,
    code: 'UNAUTHENTICATED',
    message: 'No valid access token: send the header Authorization: Bearer <token>',
    challenge: 'Bearer',
  },
  {
    type: ResponseType.ACCESS_DENIED,
    status: 403,
    code: 'PERMISSION_DENIED',
    message: 'The access token has no scope that opens this path',
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
];

/** The scheme of Signature Version 4. */
const SIGNATURE = 'AWS4-HMAC-SHA256';

/** Where callers sign requests with AWS credentials. */
export const SIGNATURE_REFUSALS: readonly GatewayError[] = [
  {
    type: ResponseType.MISSING_AUTHENTICATION_TOKEN,
    status: 401,
    code: 'UNAUTHENTICATED',
    message: 'No AWS signature: sign the request with Signature Version 4 for the service execute-api',
    challenge: SIGNATURE,
  },
  {
    type: ResponseType.INVALID_SIGNATURE,
    status: 401,
    code: 'UNAUTHENTICATED',
    message: 'The AWS signature of this request is not valid',
    challenge: SIGNATURE,
  },
  {
    type: ResponseType.EXPIRED_TOKEN,
    status: 401,
    code: 'UNAUTHENTICATED',
    message: 'The AWS credentials that signed this request have expired',
    challenge: SIGNATURE,
  },
  {
    // A signature that is no complete one, and credentials that AWS does not know, have no type of their own.
    type: ResponseType.DEFAULT_4XX,
    status: 403,
    code: 'UNAUTHENTICATED',
    message:
      'The request was refused: it is malformed, or its AWS signature is incomplete or of unknown credentials',
  },
  {
    type: ResponseType.ACCESS_DENIED,
    status: 403,
    code: 'PERMISSION_DENIED',
    message:
      'The policies of the AWS identity that signed this request do not allow execute-api:Invoke on this path',
  },
];
