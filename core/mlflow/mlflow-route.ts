import type { Action } from '../access/authorise.ts';
import type { Principal } from '../access/principal.ts';
import { InvalidInputError } from '../errors.ts';
import type { ProtocolRequest, ProtocolResponse } from '../protocol/http.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { Fields } from './fields.ts';

/** A request as its route gets it: its caller has the scope that the route needs. */
export interface MlflowCall {
  readonly principal: Principal;
  /** Reads the fields, of the query or the body. */
  readonly fields: () => Fields;
  /** What stands in the path for `{…}` and `*` of the pattern, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly request: ProtocolRequest;
}

/** What is answered: an object, as JSON with status 200, or whatever else HTTP has. */
export type MlflowAnswer = { readonly json: object } | { readonly response: ProtocolResponse };

export interface MlflowRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Behind `/api/2.0/` or `/api/3.0/`: `mlflow/logged-models/{id}`; `*` at the end is any rest. */
  readonly pattern: string;
  /** What the caller's scopes have to allow, whatever the request is about. */
  readonly action: Action;
  readonly answer: (call: MlflowCall) => Promise<MlflowAnswer>;
}

/** A route that reads fields and answers with an object. */
export function route(
  method: MlflowRoute['method'],
  path: string,
  action: Action,
  answer: (fields: Fields, principal: Principal) => Promise<object>,
): MlflowRoute {
  return {
    method,
    pattern: `mlflow/${path}`,
    action,
    answer: async ({ fields, principal }) => ({ json: await answer(fields(), principal) }),
  };
}

/** A route about one thing that the path names: `logged-models/{id}`. */
export function routeOf(
  method: MlflowRoute['method'],
  path: string,
  action: Action,
  answer: (id: string, fields: () => Fields, call: MlflowCall) => Promise<object>,
): MlflowRoute {
  return {
    method,
    pattern: `mlflow/${path}`,
    action,
    answer: async (call) => ({ json: await answer(call.path['id'] ?? '', call.fields, call) }),
  };
}

export interface FoundRoute {
  readonly route: MlflowRoute;
  readonly path: Readonly<Record<string, string>>;
}

const PREFIX = /^\/api\/[23]\.0\/(.*)$/s;

/**
 * @param path as sent, percent-encoded, without query string
 * @throws ProtocolError `ENDPOINT_NOT_FOUND` 404, `METHOD_NOT_ALLOWED` 405
 * @throws InvalidInputError `INVALID_PATH`
 */
export function findMlflowRoute(
  routes: readonly MlflowRoute[],
  { method, path }: Pick<ProtocolRequest, 'method' | 'path'>,
): FoundRoute {
  const rest = PREFIX.exec(path)?.[1];
  const segments = rest === undefined ? [] : rest.split('/').map(decoded);
  const allowed: string[] = [];
  for (const candidate of routes) {
    const bound = bind(candidate.pattern.split('/'), segments);
    if (bound === undefined) continue;
    if (candidate.method === method) return { route: candidate, path: bound };
    allowed.push(candidate.method);
  }
  if (allowed.length === 0) throw new ProtocolError('ENDPOINT_NOT_FOUND', 'Not Found', 404);
  throw new ProtocolError('METHOD_NOT_ALLOWED', `Use ${allowed.join(' or ')} here.`, 405, {
    allow: allowed.join(', '),
  });
}

function bind(
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const isOpen = pattern.at(-1) === '*';
  const fixed = isOpen ? pattern.slice(0, -1) : pattern;
  if (isOpen ? segments.length < fixed.length : segments.length !== fixed.length) return undefined;
  const bound: Record<string, string> = {};
  for (const [i, expected] of fixed.entries()) {
    const actual = segments[i] ?? '';
    const name = /^\{(\w+)\}$/.exec(expected)?.[1];
    if (name === undefined ? actual !== expected : actual === '') return undefined;
    if (name !== undefined) bound[name] = actual;
  }
  return isOpen ? { ...bound, '*': segments.slice(fixed.length).join('/') } : bound;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new InvalidInputError('INVALID_PATH', 'The percent-encoding of the path is broken.');
  }
}
