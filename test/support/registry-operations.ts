import fc from 'fast-check';
import type { Principal } from '../../core/access/principal.ts';
import { InvalidInputError, NotFoundError } from '../../core/errors.ts';
import type { MlflowServer } from '../../core/mlflow/mlflow-server.ts';
import type { RegistryWriter } from '../../core/registry/registry-writer.ts';
import type { Answer, RegistryModel } from './registry-model.ts';

/** One call: how the server is asked, how the reference is, and how the server's answer is read. */
export interface Operation {
  readonly describe: string;
  readonly ask: (client: Client) => Promise<unknown>;
  readonly expect: (model: RegistryModel) => unknown;
}

const PROMPT = 'mlflow.prompt.is_prompt';
const CALLER: Principal = { id: 'tester', scopes: ['registry.read', 'registry.write', 'deploy'] };

export class ServerRefused extends Error {
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

  async do(operation: Operation): Promise<Answer> {
    try {
      return { value: await operation.ask(this) };
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
interface Json {
  readonly error_code?: string;
  readonly registered_model: WireModel;
  readonly registered_models?: readonly WireModel[];
  readonly model_version: WireVersion;
  readonly model_versions?: readonly WireVersion[];
  readonly next_page_token?: string;
}

const names = fc.oneof(
  { weight: 12, arbitrary: fc.constant('a') },
  { weight: 4, arbitrary: fc.constant('b') },
  { weight: 1, arbitrary: fc.constantFrom('credit risk', 'Größe "x"', 'a/b', ' ', 'stats', '𝒳', '￿') },
);
const aliases = fc.constantFrom('champion', 'shadow', 'latest', 'v1', 'a b', '__proto__');
const keys = fc.constantFrom('owner', 'a b/c', PROMPT);
const values = fc.oneof(
  fc.constantFrom('ann', 'bob', 'true', '', "it's"),
  fc.integer({ min: 2000, max: 100_000 }).map((length) => 'é'.repeat(length)),
);
const numbers = fc.constantFrom(1, 1, 1, 2, 2, 3, 4);
const stages = fc.constantFrom('None', 'staging', 'PRODUCTION', 'Archived', 'Nowhere');

const ADMITTED = {
  artifact: { digest: 'ab'.repeat(32), size: 10 },
  description: { irVersion: 9, opsets: {}, producer: '', operators: [], inputs: [], outputs: [] },
};

const MODEL = 'registered-models';
const VERSION = 'model-versions';

/** Any call, about few names and numbers, so that calls meet each other. */
export const operations: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(names, fc.dictionary(keys, values, { maxKeys: 2 }), fc.string()).map(
      ([name, tags, description]): Operation => ({
        describe: `create ${name}`,
        ask: async (client) =>
          modelOf(
            await client.call('POST', `${MODEL}/create`, {
              name,
              description,
              tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
            }),
          ),
        expect: (model) => model.createModel(name, { ...tags }, description),
      }),
    ),
  },
  {
    weight: 10,
    arbitrary: fc.tuple(names, fc.constantFrom('s3://bucket/a', 's3://bucket/b')).map(
      ([name, source]): Operation => ({
        describe: `create version of ${name}`,
        ask: async (client) => versionOf(await client.call('POST', `${VERSION}/create`, { name, source })),
        expect: (model) => model.createVersion(name, source),
      }),
    ),
  },
  names.map(
    (name): Operation => ({
      describe: `get ${name}`,
      ask: async (client) => modelOf(await client.call('GET', `${MODEL}/get`, { name })),
      expect: (model) => model.getModel(name),
    }),
  ),
  fc.tuple(names, fc.string()).map(
    ([name, description]): Operation => ({
      describe: `update ${name}`,
      ask: async (client) => modelOf(await client.call('PATCH', `${MODEL}/update`, { name, description })),
      expect: (model) => model.updateModel(name, description),
    }),
  ),
  fc.tuple(names, names).map(
    ([name, newName]): Operation => ({
      describe: `rename ${name} to ${newName}`,
      ask: async (client) =>
        modelOf(await client.call('POST', `${MODEL}/rename`, { name, new_name: newName })),
      expect: (model) => model.renameModel(name, newName),
    }),
  ),
  names.map(
    (name): Operation => ({
      describe: `delete ${name}`,
      ask: (client) => client.call('DELETE', `${MODEL}/delete`, { name }),
      expect: (model) => model.deleteModel(name),
    }),
  ),
  fc.tuple(names, keys, values).map(
    ([name, key, value]): Operation => ({
      describe: `tag ${name} ${key}=${value.slice(0, 9)}`,
      ask: (client) => client.call('POST', `${MODEL}/set-tag`, { name, key, value }),
      expect: (model) => model.setModelTag(name, key, value),
    }),
  ),
  fc.tuple(names, keys).map(
    ([name, key]): Operation => ({
      describe: `untag ${name} ${key}`,
      ask: (client) => client.call('DELETE', `${MODEL}/delete-tag`, { name, key }),
      expect: (model) => model.deleteModelTag(name, key),
    }),
  ),
  fc.tuple(names, numbers).map(
    ([name, number]): Operation => ({
      describe: `get ${name} ${number}`,
      ask: async (client) => {
        const answer = await client.call('GET', `${VERSION}/get`, { name, version: String(number) });
        return { ...versionOf(answer), aliases: (answer.model_version.aliases ?? []).toSorted() };
      },
      expect: (model) => model.getVersion(name, number),
    }),
  ),
  fc.tuple(names, numbers, fc.string()).map(
    ([name, number, description]): Operation => ({
      describe: `update ${name} ${number}`,
      ask: async (client) =>
        versionOf(
          await client.call('PATCH', `${VERSION}/update`, { name, version: String(number), description }),
        ),
      expect: (model) => model.updateVersion(name, number, description),
    }),
  ),
  fc.tuple(names, numbers).map(
    ([name, number]): Operation => ({
      describe: `delete ${name} ${number}`,
      ask: (client) => client.call('DELETE', `${VERSION}/delete`, { name, version: String(number) }),
      expect: (model) => model.deleteVersion(name, number),
    }),
  ),
  fc.tuple(names, numbers, stages, fc.boolean()).map(
    ([name, number, stage, archive]): Operation => ({
      describe: `stage ${name} ${number} ${stage} ${archive}`,
      ask: async (client) =>
        versionOf(
          await client.call('POST', `${VERSION}/transition-stage`, {
            name,
            version: String(number),
            stage,
            archive_existing_versions: archive,
          }),
        ),
      expect: (model) => model.transition(name, number, stage, archive),
    }),
  ),
  fc.tuple(names, numbers, keys, values).map(
    ([name, number, key, value]): Operation => ({
      describe: `tag ${name} ${number} ${key}=${value.slice(0, 9)}`,
      ask: (client) =>
        client.call('POST', `${VERSION}/set-tag`, { name, version: String(number), key, value }),
      expect: (model) => model.setVersionTag(name, number, key, value),
    }),
  ),
  fc.tuple(names, numbers, keys).map(
    ([name, number, key]): Operation => ({
      describe: `untag ${name} ${number} ${key}`,
      ask: (client) => client.call('DELETE', `${VERSION}/delete-tag`, { name, version: String(number), key }),
      expect: (model) => model.deleteVersionTag(name, number, key),
    }),
  ),
  {
    weight: 6,
    arbitrary: fc.tuple(names, aliases, numbers).map(
      ([name, alias, number]): Operation => ({
        describe: `alias ${name} ${alias} ${number}`,
        ask: (client) => client.call('POST', `${MODEL}/alias`, { name, alias, version: String(number) }),
        expect: (model) => model.setAlias(name, alias, number),
      }),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(names, numbers, fc.constantFrom('READY', 'READY', 'FAILED_REGISTRATION')).map(
      ([model, number, status]): Operation => ({
        describe: `settle ${model} ${number} ${status}`,
        ask: async ({ registry }) => {
          const target = { model, version: String(number) };
          if (status === 'READY') await registry.admitVersion(target, ADMITTED);
          else await registry.failVersion(target, 'no good');
          return {};
        },
        expect: (reference) => reference.settle(model, number, status),
      }),
    ),
  },
  fc.tuple(names, aliases).map(
    ([name, alias]): Operation => ({
      describe: `unalias ${name} ${alias}`,
      ask: (client) => client.call('DELETE', `${MODEL}/alias`, { name, alias }),
      expect: (model) => model.deleteAlias(name, alias),
    }),
  ),
  fc.tuple(names, aliases).map(
    ([name, alias]): Operation => ({
      describe: `by alias ${name} ${alias}`,
      ask: async (client) =>
        Number((await client.call('GET', `${MODEL}/alias`, { name, alias })).model_version.version),
      expect: (model) => model.getByAlias(name, alias),
    }),
  ),
  fc.tuple(names, fc.constantFrom(undefined, 'None', 'Production')).map(
    ([name, stage]): Operation => ({
      describe: `latest ${name} ${stage}`,
      ask: async (client) =>
        numbersOf(
          await client.call('POST', `${MODEL}/get-latest-versions`, { name, stages: stage && [stage] }),
        ),
      expect: (model) => model.latestVersions(name, stage),
    }),
  ),
  fc
    .tuple(
      fc.constantFrom('', 'a', 'Größe'),
      fc.constantFrom(undefined, 'ann'),
      fc.boolean(),
      fc.integer({ min: 1, max: 3 }),
    )
    .map(
      ([text, owner, prompts, max]): Operation => ({
        describe: `search models ${text} ${owner} ${prompts}`,
        ask: (client) => allNames(client, text, owner, prompts, max),
        expect: (model) => model.searchModels(text, owner, prompts, max),
      }),
    ),
  fc.tuple(fc.constantFrom('a', 'b', '𝒳'), numbers).map(
    ([name, least]): Operation => ({
      describe: `search versions ${name}`,
      ask: async (client) =>
        numbersOf(
          await client.call('GET', `${VERSION}/search`, {
            filter: `name = '${name}' AND version_number >= ${least}`,
            order_by: ['version_number DESC'],
          }),
        ),
      expect: (model) => model.searchVersions(name, least),
    }),
  ),
);

async function allNames(
  client: Client,
  text: string,
  owner: string | undefined,
  prompts: boolean,
  max: number,
): Promise<unknown> {
  const terms = [
    `name LIKE '%${text}%'`,
    ...(owner === undefined ? [] : [`tags.owner != '${owner}'`]),
    `tag.\`${PROMPT}\` ${prompts ? '=' : '!='} 'true'`,
  ];
  const found: string[] = [];
  let pages = 0;
  let token: string | undefined;
  do {
    const page = await client.call('GET', `${MODEL}/search`, {
      filter: terms.join(' AND '),
      max_results: max,
      page_token: token,
    });
    found.push(...(page.registered_models ?? []).map(({ name: each }) => each));
    token = page.next_page_token;
    pages++;
  } while (token !== undefined);
  return { names: found, pages };
}

function modelOf({ registered_model: model }: Json): unknown {
  return {
    name: model.name,
    description: model.description ?? '',
    tags: tagsOf(model),
    aliases: Object.fromEntries((model.aliases ?? []).map(({ alias, version }) => [alias, version])),
    latest: (model.latest_versions ?? []).map(shown),
  };
}

function versionOf({ model_version: version }: Json): object {
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

function numbersOf({ model_versions: versions = [] }: Json): number[] {
  return versions.map(({ version }) => Number(version));
}
