import fc from 'fast-check';
import { type Client, modelOf, numbersOf, versionOf } from './registry-client.ts';
import type { RegistryModel } from './registry-model.ts';

/** One call: how the server is asked, how the reference is, and how the server's answer is read. */
export interface Operation {
  readonly describe: string;
  readonly ask: (client: Client) => Promise<unknown>;
  readonly expect: (model: RegistryModel) => unknown;
}

const PROMPT = 'mlflow.prompt.is_prompt';

const names = fc.oneof(
  { weight: 12, arbitrary: fc.constant('a') },
  { weight: 4, arbitrary: fc.constant('b') },
  { weight: 1, arbitrary: fc.constantFrom('credit risk', 'Größe "x"', 'a/b', ' ', 'stats', '𝒳', '￿') },
);
const aliases = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('champion', 'shadow', '__proto__') },
  { weight: 1, arbitrary: fc.constantFrom('latest', 'v1', 'a b') },
);
const keys = fc.constantFrom('owner', 'a b/c', PROMPT);
const values = fc.oneof(
  fc.constantFrom('ann', 'bob', 'true', '', "it's"),
  fc.integer({ min: 2000, max: 100_000 }).map((length) => 'é'.repeat(length)),
);
const numbers = fc.constantFrom(1, 1, 1, 1, 1, 2, 2, 3, 4);
const stages = fc.constantFrom('Production', 'PRODUCTION', 'staging', 'None', 'Archived', 'Nowhere');

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
  {
    weight: 6,
    arbitrary: fc.tuple(names, numbers, stages, fc.boolean()).map(
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
  },
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
    arbitrary: fc
      .tuple(names, numbers, fc.constantFrom('READY', 'READY', 'READY', 'READY', 'FAILED_REGISTRATION'))
      .map(
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
