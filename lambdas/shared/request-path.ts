import type { APIGatewayProxyEvent } from 'aws-lambda';

/**
 * The path below the stage, or below the base path that a custom domain maps to it. A REST API hands on what the caller
 * sent, base path included, so that only the resource that was matched tells where the API begins.
 * Source: API Gateway Developer Guide, "Set up Lambda proxy integrations", input format: `path`, `resource`.
 */
export function requestPath({
  path,
  resource,
  pathParameters,
}: Pick<APIGatewayProxyEvent, 'path' | 'resource' | 'pathParameters'>): string {
  const literal = (resource ?? '').replace(/\/\{[^}]*\+?\}$/, '');
  if (literal === '' || literal === '/') return path;
  const rest = pathParameters?.['proxy'];
  // From the end, by what was matched below the resource: the base path may well be called like the resource.
  const matched = rest === undefined ? literal : `${literal}/${rest}`;
  for (const ending of [matched, `${matched}/`]) {
    if (path.endsWith(ending)) return path.slice(-ending.length);
  }
  // The parameter is spelled otherwise than the path, for example without its escapes.
  const start = `${path}/`.indexOf(`${literal}/`);
  return start < 0 ? path : path.slice(start);
}
