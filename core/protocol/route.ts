import type { Action } from '../access/authorise.ts';
import { InvalidInputError } from '../errors.ts';
import { ProtocolError } from './protocol-error.ts';

export type RouteName =
  | 'server-metadata'
  | 'server-live'
  | 'server-ready'
  | 'model-list'
  | 'model-metadata'
  | 'model-ready'
  | 'model-config'
  | 'infer'
  | 'repository-index'
  | 'load'
  | 'unload'
  | 'statistics'
  | 'tracing'
  | 'logging'
  | 'shared-memory'
  | 'generate';

/** What a request asks for. */
export interface Route {
  readonly name: RouteName;
  readonly action: Action;
  /** Percent-decoded; empty where the route has no model. */
  readonly model: string;
  /** Number or alias; absent where the server chooses. */
  readonly version?: string;
}

/** `*` is any method; in a pattern, `*` at the end is any rest. */
type Row = readonly [method: 'GET' | 'POST' | '*', pattern: string, name: RouteName, action: Action];

/** `stats` stands before `{model}`: no model can have that name. */
const ROWS: readonly Row[] = [
  ['GET', 'v2', 'server-metadata', 'describe'],
  ['GET', 'v2/health/live', 'server-live', 'describe'],
  ['GET', 'v2/health/ready', 'server-ready', 'describe'],
  ['GET', 'v2/models', 'model-list', 'describe'],
  ['GET', 'v2/models/stats', 'statistics', 'describe'],
  ...forModel('GET', '', 'model-metadata', 'describe'),
  ...forModel('GET', '/ready', 'model-ready', 'describe'),
  ...forModel('GET', '/config', 'model-config', 'describe'),
  ...forModel('GET', '/stats', 'statistics', 'describe'),
  ...forModel('POST', '/infer', 'infer', 'infer'),
  ...forModel('*', '/generate', 'generate', 'infer'),
  ...forModel('*', '/generate_stream', 'generate', 'infer'),
  ['*', 'v2/models/{model}/trace/setting', 'tracing', 'describe'],
  ['POST', 'v2/repository/index', 'repository-index', 'describe'],
  ['POST', 'v2/repository/models/{model}/load', 'load', 'administer'],
  ['POST', 'v2/repository/models/{model}/unload', 'unload', 'administer'],
  ['*', 'v2/trace/setting', 'tracing', 'describe'],
  ['*', 'v2/logging', 'logging', 'describe'],
  ['*', 'v2/systemsharedmemory/*', 'shared-memory', 'describe'],
  ['*', 'v2/cudasharedmemory/*', 'shared-memory', 'describe'],
];

function forModel(method: Row[0], suffix: string, name: RouteName, action: Action): Row[] {
  return [
    [method, `v2/models/{model}${suffix}`, name, action],
    [method, `v2/models/{model}/versions/{version}${suffix}`, name, action],
  ];
}

/** Every route there is: `{model}` and `{version}` stand for one path segment, `*` for any method and any rest. */
export const PROTOCOL_ROUTES = ROWS.map(([method, pattern, name, action]) => ({
  method,
  pattern,
  name,
  action,
}));

const ROUTES = PROTOCOL_ROUTES.map((route) => ({ ...route, segments: route.pattern.split('/') }));

/** Versions are numbers or aliases. The specification leaves the form open; Triton allows digits only. */
const VERSION = /^[A-Za-z0-9_.-]+$/;

/**
 * Finds the route of a request.
 *
 * @param path as sent, percent-encoded, without query string
 * @throws ProtocolError `ENDPOINT_NOT_FOUND` 404, `METHOD_NOT_ALLOWED` 405, in Triton's words
 * @throws InvalidInputError `INVALID_PATH` when the percent-encoding is broken
 */
export function findRoute(method: string, path: string): Route {
  const segments = split(path);
  const allowed: string[] = [];
  for (const route of ROUTES) {
    const bound = bind(route.segments, segments);
    if (!bound) continue;
    if (route.method === method || route.method === '*') {
      return { name: route.name, action: route.action, ...bound };
    }
    allowed.push(route.method);
  }
  if (allowed.length === 0) throw new ProtocolError('ENDPOINT_NOT_FOUND', 'Not Found', 404);
  const allow = [...new Set(allowed)].join(', ');
  throw new ProtocolError('METHOD_NOT_ALLOWED', 'Method Not Allowed', 405, { allow });
}

function split(path: string): string[] {
  try {
    // Of all routes, the protocol's own clients ask only for the server's metadata with a slash at the end.
    const segments = path === '/v2/' ? ['v2'] : path.slice(1).split('/');
    return path.includes('%') ? segments.map(decodeURIComponent) : segments;
  } catch {
    throw new InvalidInputError(
      'INVALID_PATH',
      'The path holds a percent sign that encodes no UTF-8 text. Encode it again.',
    );
  }
}

function bind(
  pattern: readonly string[],
  segments: readonly string[],
): Pick<Route, 'model' | 'version'> | undefined {
  const isOpen = pattern[pattern.length - 1] === '*';
  if (isOpen ? segments.length < pattern.length : segments.length !== pattern.length) return undefined;
  let model = '';
  let version: string | undefined;
  for (let i = 0; i < pattern.length; i++) {
    const [expected, actual] = [pattern[i], segments[i] as string];
    if (expected === '{model}') {
      if (actual === '') return undefined;
      model = actual;
    } else if (expected === '{version}') {
      if (!VERSION.test(actual)) return undefined;
      version = actual;
    } else if (expected !== '*' && expected !== actual) return undefined;
  }
  return version === undefined ? { model } : { model, version };
}
