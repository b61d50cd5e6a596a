import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Principal } from '../../core/access/principal.ts';
import type { ProtocolRequest, ProtocolResponse } from '../../core/protocol/http.ts';
import { SCOPES } from '../../lib/contracts/access.ts';

/** The request that API Gateway hands to a function, without the stage and whatever else is the gateway's own. */
export function toProtocolRequest(event: APIGatewayProxyEvent): ProtocolRequest {
  return {
    method: event.httpMethod,
    path: event.path,
    headers: headersOf(event),
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
    requestId: event.requestContext.requestId,
  };
}

/** Names in lower case: callers spell them as they like. */
export function headersOf(event: APIGatewayProxyEvent): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(event.headers ?? {})) {
    if (value !== undefined) headers[name.toLowerCase()] = value;
  }
  return headers;
}

/** The answer as API Gateway wants it: text as it is, anything else as base64. */
export function fromProtocolResponse(response: ProtocolResponse): APIGatewayProxyResult {
  const isText = response.headers['content-type'] === 'application/json';
  return {
    statusCode: response.status,
    headers: { ...response.headers },
    body: Buffer.from(response.body.buffer, response.body.byteOffset, response.body.byteLength).toString(
      isText ? 'utf8' : 'base64',
    ),
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
    return { id: String(authorizer['principal']), scopes: SCOPES.filter((scope) => carried.includes(scope)) };
  }
  if (identity?.userArn) return { id: identity.userArn, scopes: [...SCOPES] };
  return { id: 'anonymous', scopes: [] };
}
