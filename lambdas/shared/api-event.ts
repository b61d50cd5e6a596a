import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Principal } from '../../core/access/principal.ts';
import type { ProtocolRequest, ProtocolResponse } from '../../core/protocol/http.ts';
import { JSON_LENGTH_HEADER } from '../../core/protocol/request-body.ts';
import { SCOPES } from '../../lib/contracts/access.ts';
import { requestPath } from './request-path.ts';

type Headers = ProtocolRequest['headers'];

/**
 * What a function may answer, in bytes of the JSON that it answers with, less some for the headers.
 * Source: "Lambda quotas", invocation payload (response), synchronous.
 */
const MAX_RESULT_BYTES = (6 * 1024 - 64) * 1024;

/** Largest body that an answer can carry, whatever is in it: base64 makes four bytes of three. */
export const MAX_BODY_BYTES = Math.floor(MAX_RESULT_BYTES * (3 / 4));

/** Largest JSON that surely fits as text: the quotes and backslashes in it are escaped, which makes two bytes of one. */
const MAX_TEXT_BYTES = MAX_RESULT_BYTES / 2;

/**
 * The request that API Gateway hands to a function, without stage, base path and whatever else is the gateway's own.
 * @param headers those of the event, where they were read already
 */
export function toProtocolRequest(
  event: APIGatewayProxyEvent,
  headers: Headers = headersOf(event),
): ProtocolRequest {
  return {
    method: event.httpMethod,
    path: requestPath(event),
    ...(event.multiValueQueryStringParameters && { query: event.multiValueQueryStringParameters }),
    headers,
    body: bodyOf(event, headers),
    requestId: event.requestContext.requestId,
  };
}

/** The widest elements of tensors. */
const ALIGNMENT = 8;

/**
 * The bytes of the body, laid out so that those of tensors begin where numbers of any width may begin: they are read where
 * they are, without a copy.
 */
function bodyOf({ body, isBase64Encoded }: APIGatewayProxyEvent, headers: Headers): Buffer {
  const encoding = isBase64Encoded ? 'base64' : 'utf8';
  const text = body ?? '';
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(text, encoding) + ALIGNMENT);
  const tensors = bytes.byteOffset + Number(headers[JSON_LENGTH_HEADER] ?? 0);
  // A length that is no number counts as 0 here, and is refused where the body is read.
  const start = -tensors & (ALIGNMENT - 1);
  return bytes.subarray(start, start + bytes.write(text, start, encoding));
}

/** Names in lower case: callers spell them as they like. */
export function headersOf({ headers: given }: APIGatewayProxyEvent): Headers {
  const headers: Record<string, string> = {};
  for (const name in given) {
    const value = given[name];
    if (value !== undefined) headers[name.toLowerCase()] = value;
  }
  return headers;
}

/**
 * The answer as API Gateway wants it. What is not text goes as base64, and so does a text that may not fit otherwise:
 * API Gateway sends the same bytes either way.
 */
export function fromProtocolResponse({ status, headers, body }: ProtocolResponse): APIGatewayProxyResult {
  const isJson = headers['content-type'] === 'application/json' && headers['content-encoding'] === undefined;
  const isText = isJson && body.length <= MAX_TEXT_BYTES;
  return {
    statusCode: status,
    headers: { ...headers },
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
  };
}

/**
 * Who calls, as the gateway verified it. With IAM access there is no authorizer of ours: the caller's policy decided
 * about the path, and every action behind it is allowed.
 */
export function principalOf(event: APIGatewayProxyEvent): Principal {
  const { authorizer, identity } = event.requestContext;
  if (authorizer?.['principal'] !== undefined) {
    const carried = String(authorizer['scopes'] ?? '').split(' ');
    return {
      id: String(authorizer['principal']),
      scopes: SCOPES.filter((scope) => carried.includes(scope)),
      groups: JSON.parse(String(authorizer['groups'] ?? '[]')) as string[],
    };
  }
  if (identity?.userArn) return { id: withoutSession(identity.userArn), scopes: [...SCOPES] };
  return { id: 'anonymous', scopes: [] };
}

/**
 * The ARN of an assumed role without the session, which every process and every sign-in names anew: results in the
 * exchange and logs belong to the role. Other ARNs name who they are.
 * Source: IAM User Guide, "IAM identifiers": `arn:<partition>:sts::<account>:assumed-role/<role>/<session>`.
 */
function withoutSession(arn: string): string {
  return /^(arn:[^:]+:sts::\d+:assumed-role\/[^/]+)\//.exec(arn)?.[1] ?? arn;
}
