import { inject } from 'vitest';
import { accessToken } from '../../aws/access-token.ts';
import { cognito } from '../../aws/clients.ts';
import type { Scope } from '../../lib/contracts/access';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  /** The body as JSON. @throws SyntaxError when it is not JSON */
  readonly json: <T = unknown>() => T;
}

export interface Request {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** Tokens live for an hour, a test run for minutes. */
const tokens = new Map<string, Promise<string>>();

/** An access token with these scopes, by the client credentials grant. */
export function token(scopes: readonly Scope[]): Promise<string> {
  const key = scopes.toSorted().join(' ');
  const known = tokens.get(key);
  if (known) return known;
  const deployment = inject('deployment');
  const asked = accessToken(cognito(deployment), deployment, scopes).then((grant) => grant.token);
  tokens.set(key, asked);
  return asked;
}

/** One request to the deployed API; `path` begins with a slash. A body without a content type is sent without one. */
export async function call(method: string, path: string, { headers, body }: Request = {}): Promise<Answer> {
  const sent = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const response = await fetch(`${inject('deployment').endpoint}${path}`, { method, headers, body: sent });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    json: <T>() => JSON.parse(new TextDecoder().decode(bytes)) as T,
  };
}

/** `call` with a token that has these scopes. */
export async function callAs(
  scopes: readonly Scope[],
  method: string,
  path: string,
  { headers, body }: Request = {},
): Promise<Answer> {
  const authorization = `Bearer ${await token(scopes)}`;
  return call(method, path, { headers: { authorization, ...headers }, body });
}
