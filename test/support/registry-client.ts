import type { Principal } from '../../core/access/principal.ts';
import { InvalidInputError, NotFoundError } from '../../core/errors.ts';
import type { MlflowServer } from '../../core/mlflow/mlflow-server.ts';
import type { RegistryWriter } from '../../core/registry/registry-writer.ts';
import type { Answer } from './registry-model.ts';

const CALLER: Principal = { id: 'tester', scopes: ['registry.read', 'registry.write', 'deploy'] };

class ServerRefused extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
  ) {
    super(code);
  }
}

/** Asks the server as a client does, and the registry as admission does. */
export class Client {
  constructor(
    private readonly server: MlflowServer,
    readonly registry: Pick<RegistryWriter, 'admitVersion' | 'failVersion'>,
  ) {}

  /** Fields stand in the query of a GET, in the body otherwise. */
  async call(method: string, path: string, fields: Readonly<Record<string, unknown>>): Promise<Json> {
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    const isGet = method === 'GET';
    const { status, body } = await this.server.handle(
      {
        method,
        path: `/api/2.0/mlflow/${path}`,
        ...(isGet && {
          query: Object.fromEntries(given.map(([key, value]) => [key, [value].flat().map(String)])),
        }),
        headers: {},
        body: Buffer.from(isGet ? '' : JSON.stringify(Object.fromEntries(given))),
        requestId: 'request',
      },
      CALLER,
    );
    const answer = JSON.parse(Buffer.from(body).toString()) as Json;
    if (status !== 200) throw new ServerRefused(String(answer.error_code), status);
    return answer;
  }

  async do(work: (client: Client) => Promise<unknown>): Promise<Answer> {
    try {
      return { value: await work(this) };
    } catch (error) {
      if (error instanceof ServerRefused) return { error: error.code };
      if (error instanceof NotFoundError) return { error: 'RESOURCE_DOES_NOT_EXIST' };
      if (error instanceof InvalidInputError && error.statusCode === 409)
        return { error: 'RESOURCE_CONFLICT' };
      throw error;
    }
  }
}

interface WireTags {
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
}

interface WireVersion extends WireTags {
  readonly version: string;
  readonly source: string;
  readonly current_stage: string;
  readonly status: string;
  readonly description: string;
  readonly aliases?: readonly string[];
}

interface WireModel extends WireTags {
  readonly name: string;
  readonly description?: string;
  readonly aliases?: readonly { readonly alias: string; readonly version: string }[];
  readonly latest_versions?: readonly WireVersion[];
}

/** Any answer; which fields it has is up to the call. */
export interface Json {
  readonly error_code?: string;
  readonly registered_model: WireModel;
  readonly registered_models?: readonly WireModel[];
  readonly model_version: WireVersion;
  readonly model_versions?: readonly WireVersion[];
  readonly next_page_token?: string;
}

/** What of an answer is compared. */
export function modelOf({ registered_model: model }: Json): unknown {
  return {
    name: model.name,
    description: model.description ?? '',
    tags: tagsOf(model),
    aliases: Object.fromEntries((model.aliases ?? []).map(({ alias, version }) => [alias, version])),
    latest: (model.latest_versions ?? []).map(shown),
  };
}

export function versionOf({ model_version: version }: Json): object {
  return shown(version);
}

function shown(version: WireVersion): object {
  return {
    version: version.version,
    source: version.source,
    stage: version.current_stage,
    status: version.status,
    description: version.description,
    tags: tagsOf(version),
  };
}

function tagsOf({ tags }: WireTags): unknown {
  return Object.fromEntries((tags ?? []).map(({ key, value }) => [key, value]));
}

export function numbersOf({ model_versions: versions = [] }: Json): number[] {
  return versions.map(({ version }) => Number(version));
}
