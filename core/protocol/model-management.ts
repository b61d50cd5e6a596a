import { InvalidInputError, NotFoundError } from '../errors.ts';
import type { RegisteredModel } from '../registry/model-version.ts';
import type { RegistryReader } from '../registry/registry-reader.ts';
import type { ProtocolRequest } from './http.ts';
import { parseDocument } from './json-document.ts';
import { readParameters } from './parameters.ts';
import { unsupported } from './protocol-error.ts';
import { readBody } from './request-body.ts';

/** Models whose details are read at the same time. */
const CONCURRENCY = 16;

/** The models of these names; one that is removed while they are read is left out. */
export async function readModels(
  registry: RegistryReader,
  names: readonly string[],
): Promise<RegisteredModel[]> {
  const models: RegisteredModel[] = [];
  for (let start = 0; start < names.length; start += CONCURRENCY) {
    const read = names.slice(start, start + CONCURRENCY).map((name) => ifStillThere(registry.model(name)));
    models.push(...(await Promise.all(read)).filter((model) => model !== undefined));
  }
  return models;
}

async function ifStillThere(model: Promise<RegisteredModel>): Promise<RegisteredModel | undefined> {
  try {
    return await model;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/**
 * The body of `POST /v2/repository/index`: nothing, or `{"ready": boolean}`.
 *
 * @returns whether only versions that are ready are wanted
 * @throws InvalidInputError `MALFORMED_JSON`, `INVALID_REQUEST`
 */
export function wantsOnlyReady(request: ProtocolRequest, maxBytes: number): boolean {
  const body = readObject(request, maxBytes);
  const { ready } = body;
  if (ready !== undefined && typeof ready !== 'boolean') {
    throw new InvalidInputError('INVALID_REQUEST', '"ready" must be true or false.');
  }
  return ready ?? false;
}

/**
 * Refuses a load request that brings its own model or configuration: what is served comes from the registry.
 *
 * @throws ProtocolError `UNSUPPORTED` 501
 */
export function refuseOverrides(request: ProtocolRequest, maxBytes: number): void {
  const parameters = readParameters(readObject(request, maxBytes)['parameters'], 'the request');
  const [name] = parameters.keys();
  if (name === undefined) return;
  throw unsupported(
    'A model is loaded as it was registered: leave out "parameters", and register a new version to change it.',
  );
}

function readObject(request: ProtocolRequest, maxBytes: number): Readonly<Record<string, unknown>> {
  const { json } = readBody(request, maxBytes);
  if (json.length === 0) return {};
  const { value } = parseDocument(json);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new InvalidInputError('INVALID_REQUEST', 'The request must be a JSON object, or an empty body.');
}
