import { AccessControl } from '../access/access-control.ts';
import { AccessRefusedError, type Refusal } from '../access/access-refused-error.ts';
import type { Principal } from '../access/principal.ts';
import { InvalidInputError, NotFoundError } from '../errors.ts';
import { type AliasLog, type AliasLogReader, aliasesAt, own } from '../registry/alias-history.ts';
import { readPastTime } from '../registry/past-time.ts';
import type { RegistryReader } from '../registry/registry-reader.ts';
import { compressedResponse } from './compressed-response.ts';
import { errorResponse, isFailureOfService } from './error-response.ts';
import type { ProtocolRequest, ProtocolResponse } from './http.ts';
import { ProtocolError } from './protocol-error.ts';

export interface AliasHistoryServerOptions {
  readonly registry: AliasLogReader & Pick<RegistryReader, 'resolve'>;
  /** Who may do what; scopes alone decide unless given. */
  readonly access?: AccessControl;
  /** Wall clock; the machine's unless given. */
  readonly now?: () => Date;
  /** Hears of each request that its caller may not make. */
  readonly onRefusal?: (refusal: Refusal, principal: Principal, request: ProtocolRequest) => void;
  /** Hears of each failure that is not the caller's. */
  readonly onInternalError?: (error: unknown, request: ProtocolRequest) => void;
}

/** Every route there is: `{model}`, `{alias}` and `{version}` stand for one path segment. */
export const ALIAS_HISTORY_ROUTES = [
  'strata/v1/models/{model}/aliases',
  'strata/v1/models/{model}/aliases/{alias}',
  'strata/v1/models/{model}/aliases/{alias}/history',
  'strata/v1/models/{model}/versions/{version}/manifest',
] as const;

type Pattern = (typeof ALIAS_HISTORY_ROUTES)[number];

interface Route {
  readonly pattern: Pattern;
  readonly model: string;
  readonly alias: string;
  readonly version: string;
}

/**
 * Answers where aliases point, and where they pointed at any time (`?asOf=<ISO 8601>`), and what was found out about the
 * versions that they point at. Never throws.
 */
export class AliasHistoryServer {
  readonly #access: AccessControl;

  constructor(private readonly options: AliasHistoryServerOptions) {
    this.#access = options.access ?? new AccessControl();
  }

  async handle(request: ProtocolRequest, principal: Principal): Promise<ProtocolResponse> {
    const response = await this.#answerOrRefuse(request, principal);
    return await compressedResponse(response, request.headers['accept-encoding']);
  }

  async #answerOrRefuse(request: ProtocolRequest, principal: Principal): Promise<ProtocolResponse> {
    try {
      const document = await this.#answer(findRoute(request), request, principal);
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify(document)),
      };
    } catch (error) {
      if (error instanceof AccessRefusedError) this.options.onRefusal?.(error.refusal, principal, request);
      if (isFailureOfService(error)) this.options.onInternalError?.(error, request);
      return errorResponse(error, request.requestId);
    }
  }

  async #answer(
    { pattern, model, alias, version }: Route,
    request: ProtocolRequest,
    principal: Principal,
  ): Promise<object> {
    const { registry, now = () => new Date() } = this.options;
    switch (pattern) {
      case 'strata/v1/models/{model}/aliases': {
        const view = await this.#access.viewOf(principal, 'read', model);
        const asOf = askedTime(request, now());
        const log = await registry.aliasLog(model);
        const states = aliasesAt(log.entries, assertMade(log, asOf));
        const aliases = Object.fromEntries(
          Object.entries(states).map(([name, { version }]) => [name, version]),
        );
        const seen = view.of({ name: model, versions: [], aliases }).aliases;
        const shown = Object.entries(states).filter(([name]) => Object.hasOwn(seen, name));
        return { model, asOf, aliases: Object.fromEntries(shown) };
      }
      case 'strata/v1/models/{model}/aliases/{alias}': {
        await this.#access.authorise(principal, 'read', { model, version: alias });
        const asOf = askedTime(request, now());
        const log = await registry.aliasLog(model, alias);
        const state = own(aliasesAt(log.entries, assertMade(log, asOf)), alias);
        if (state === undefined) throw aliasNotFound(model, alias, asOf);
        return { model, alias, asOf, ...state };
      }
      case 'strata/v1/models/{model}/aliases/{alias}/history': {
        await this.#access.authorise(principal, 'read', { model, version: alias });
        assertParameters(request, []);
        const { entries } = await registry.aliasLog(model, alias);
        if (entries.length === 0) throw aliasNotFound(model, alias);
        return { model, alias, changes: entries };
      }
      case 'strata/v1/models/{model}/versions/{version}/manifest': {
        await this.#access.authorise(principal, 'read', { model, version });
        assertParameters(request, []);
        const { manifest, version: number } = await registry.resolve(model, version);
        if (manifest === undefined) throw manifestNotFound(model, number);
        return manifest;
      }
    }
  }
}

function findRoute({ method, path }: ProtocolRequest): Route {
  const segments = decoded(path);
  for (const pattern of ALIAS_HISTORY_ROUTES) {
    const bound = bind(pattern.split('/'), segments);
    if (bound === undefined) continue;
    if (method === 'GET') return { pattern, ...bound };
    throw new ProtocolError('METHOD_NOT_ALLOWED', 'Method Not Allowed', 405, { allow: 'GET' });
  }
  throw new ProtocolError('ENDPOINT_NOT_FOUND', 'Not Found', 404);
}

function decoded(path: string): string[] {
  try {
    return path.slice(1).split('/').map(decodeURIComponent);
  } catch {
    throw new InvalidInputError(
      'INVALID_PATH',
      'The path holds a percent sign that encodes no UTF-8 text. Encode it again.',
    );
  }
}

function bind(pattern: readonly string[], segments: readonly string[]): Omit<Route, 'pattern'> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const at = (name: string) => segments[pattern.indexOf(name)] ?? '';
  const fits = pattern.every((part, index) =>
    part.startsWith('{') ? segments[index] !== '' : segments[index] === part,
  );
  return fits ? { model: at('{model}'), alias: at('{alias}'), version: at('{version}') } : undefined;
}

/** Now unless the caller asks for another time. @throws InvalidInputError `INVALID_TIME`, `INVALID_PARAMETER` */
function askedTime(request: ProtocolRequest, now: Date): string {
  assertParameters(request, ['asOf']);
  const [text, ...more] = request.query?.['asOf'] ?? [];
  if (more.length > 0)
    throw new InvalidInputError('INVALID_TIME', 'asOf is given more than once; give one time.');
  return text === undefined ? now.toISOString() : readPastTime(text, 'asOf', now);
}

/** A misspelt parameter would be answered with what is now, as if it were what was then. */
function assertParameters({ query = {} }: ProtocolRequest, known: readonly string[]): void {
  const unknown = Object.keys(query).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const there = known.length === 0 ? 'there are none here' : `known is ${known.join(', ')}`;
  throw new InvalidInputError(
    'INVALID_PARAMETER',
    `The query has a parameter ${JSON.stringify(unknown)}, which is not known; ${there}.`,
  );
}

/** Whoever had the name before is another model, of which is answered nothing. */
function assertMade({ model, createdAt }: AliasLog, time: string): string {
  if (time >= createdAt) return time;
  throw new NotFoundError(
    'MODEL_NOT_FOUND',
    `The model ${JSON.stringify(model)} was made at ${createdAt}; what had the name at ${time} is not known any more.`,
  );
}

function aliasNotFound(model: string, alias: string, time?: string): NotFoundError {
  const when = time === undefined ? 'never had an' : `had at ${time} no`;
  return new NotFoundError(
    'ALIAS_NOT_FOUND',
    `The model ${JSON.stringify(model)} ${when} alias ${JSON.stringify(alias)}.`,
  );
}

function manifestNotFound(model: string, version: string): NotFoundError {
  return new NotFoundError(
    'MANIFEST_NOT_FOUND',
    `Version ${version} of the model ${JSON.stringify(model)} has no manifest: it was registered where none are signed. Register it again.`,
  );
}
