import { beforeEach, describe, expect, it } from 'vitest';
import { RegistryTable } from '../../../aws/registry-table.ts';
import { DynamoDbInMemory, type Item } from '../../support/dynamodb-in-memory.ts';

let dynamo: DynamoDbInMemory;
let table: RegistryTable;
let commands: string[];

/** A table over the same items, as another process has one. */
function another(): RegistryTable {
  let ids = dynamo.items.length * 1000;
  const { client } = dynamo;
  const send = async (command: object) => {
    commands.push(command.constructor.name);
    return client.send(command as never);
  };
  return new RegistryTable({ send } as never, 'registry', {
    newId: () => `00000000-0000-4000-8000-${String(ids++).padStart(12, '0')}`,
    random: () => 0,
  });
}

beforeEach(() => {
  dynamo = new DynamoDbInMemory();
  commands = [];
  table = another();
});

const DRAFT = { model: 'credit', source: 's3://bucket/model' };
const ADMITTED = {
  artifact: {
    digest: 'ab'.repeat(32),
    size: 10,
    files: [{ name: 'model.onnx', digest: 'cd'.repeat(32), size: 10 }],
  },
  description: { irVersion: 9, opsets: {}, producer: '', operators: [], inputs: [], outputs: [] },
};
const itemsOf = (prefix: string): Item[] => dynamo.items.filter(({ pk }) => pk.startsWith(prefix));
const eventsOf = (...types: string[]) =>
  itemsOf('OUTBOX#')
    .map(({ event }) => (event as { type: string }).type.replace('strata.registry.', ''))
    .filter((type) => types.length === 0 || types.includes(type));

/** Lets somebody else be faster, once. */
function overtakenBy(work: (other: RegistryTable) => Promise<unknown>): void {
  dynamo.beforeWrite = async () => {
    dynamo.beforeWrite = async () => undefined;
    await work(another());
  };
}

describe('a model that was read before', () => {
  beforeEach(async () => {
    await table.createModel({ name: 'credit' });
    for (let i = 0; i < 5; i++) await table.createVersion(DRAFT);
    await table.model('credit');
    commands.length = 0;
  });

  it('is one read, versions and aliases included', async () => {
    expect((await table.model('credit')).versions).toHaveLength(5);
    expect(commands).toEqual(['QueryCommand']);
  });

  it('is found under its new name, and not under the old one, by whoever knew that', async () => {
    await another().renameModel({ model: 'credit', newName: 'risk' });
    await expect(table.model('credit')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    expect((await table.model('risk')).versions).toHaveLength(5);
  });

  it('is another one when it was deleted and made again meanwhile', async () => {
    const other = another();
    await other.deleteModel({ model: 'credit' });
    await other.createModel({ name: 'credit' });
    expect((await table.model('credit')).versions).toEqual([]);
  });
});

describe('a deleted model', () => {
  it('leaves its log and its events, and nothing else', async () => {
    await table.createModel({ name: 'credit', tags: { card: 'x'.repeat(5000) } });
    await table.createVersion(DRAFT);
    await table.admitVersion({ model: 'credit', version: '1' }, ADMITTED);
    await table.setAlias({ model: 'credit', alias: 'champion', version: '1' });
    await table.deleteModel({ model: 'credit', actor: 'ann' });
    expect(dynamo.items.map(({ pk }) => pk.replace(/#.*/, ''))).toEqual(
      expect.not.arrayContaining(['NAME', 'M', 'D']),
    );
    expect(itemsOf('LOG#')).toHaveLength(1);
    expect(eventsOf().at(-1)).toBe('model-deleted');
  });
});

describe('a version', () => {
  beforeEach(async () => {
    await table.createModel({ name: 'credit' });
    await table.createVersion({ ...DRAFT, actor: 'ann' });
  });

  it('that is admitted is served with what admission found, whatever people write about it then', async () => {
    await table.admitVersion({ model: 'credit', version: '1' }, ADMITTED);
    const served = await table.resolve('credit', '1');
    expect(served).toMatchObject(ADMITTED);
    await table.updateVersion({ model: 'credit', version: '1', notes: 'good' });
    await table.setTag({ model: 'credit', version: '1', key: 'team' }, 'risk');
    await table.transitionStage({ model: 'credit', version: '1', stage: 'Production' });
    expect(await another().resolve('credit', '1')).toEqual(served);
  });

  it('becomes READY or fails once, and never changes then', async () => {
    const target = { model: 'credit', version: '1' };
    await table.admitVersion(target, ADMITTED);
    const other = { ...ADMITTED, artifact: { digest: 'ef'.repeat(32), size: 11 } };
    await expect(table.admitVersion(target, other)).rejects.toMatchObject({
      code: 'VERSION_NOT_PENDING',
      statusCode: 409,
    });
    await expect(table.failVersion(target, 'no')).rejects.toMatchObject({ code: 'VERSION_NOT_PENDING' });
    // Admission that is repeated after a crash finds its own work.
    expect(await table.admitVersion(target, ADMITTED)).toMatchObject({ status: 'READY' });
    expect(eventsOf('version-admitted', 'version-failed')).toEqual(['version-admitted']);
  });

  it('is not admitted by two at once', async () => {
    const target = { model: 'credit', version: '1' };
    overtakenBy((other) => other.failVersion(target, 'the other one'));
    await expect(table.admitVersion(target, ADMITTED)).rejects.toMatchObject({ code: 'VERSION_NOT_PENDING' });
    expect(await table.version('credit', '1')).toMatchObject({
      status: 'FAILED_REGISTRATION',
      statusMessage: 'the other one',
    });
  });

  it('that is PENDING is not served, by number or by alias', async () => {
    await expect(table.resolve('credit', '1')).rejects.toMatchObject({ code: 'MODEL_NOT_READY' });
    await expect(table.setAlias({ model: 'credit', alias: 'champion', version: '1' })).rejects.toMatchObject({
      code: 'VERSION_NOT_READY',
    });
  });

  it('that is deleted while an alias is pointed at it takes the alias along', async () => {
    await table.admitVersion({ model: 'credit', version: '1' }, ADMITTED);
    overtakenBy((other) => other.setAlias({ model: 'credit', alias: 'champion', version: '1' }));
    await table.deleteVersion({ model: 'credit', version: '1' });
    expect((await table.model('credit')).aliases).toEqual({});
    const { entries } = await table.aliasLog('credit');
    expect(entries.map(({ from, to }) => [from, to])).toEqual([
      [undefined, '1'],
      ['1', undefined],
    ]);
  });

  it('that is deleted first is nothing that an alias can be pointed at', async () => {
    await table.admitVersion({ model: 'credit', version: '1' }, ADMITTED);
    overtakenBy((other) => other.deleteVersion({ model: 'credit', version: '1' }));
    await expect(table.setAlias({ model: 'credit', alias: 'champion', version: '1' })).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
    });
  });

  it('with more aliases than a transaction holds is deleted with all of them', async () => {
    await table.admitVersion({ model: 'credit', version: '1' }, ADMITTED);
    for (let i = 0; i < 70; i++) {
      await table.setAlias({ model: 'credit', alias: `alias-${i}`, version: '1' });
    }
    await table.deleteVersion({ model: 'credit', version: '1' });
    expect(await table.model('credit')).toMatchObject({ versions: [], aliases: {} });
    expect(eventsOf('alias-deleted')).toHaveLength(70);
    expect(itemsOf('D#')).toEqual([]);
  });

  it('archives more others than a transaction holds', async () => {
    for (let i = 0; i < 70; i++) await table.createVersion(DRAFT);
    for (let i = 1; i <= 70; i++) {
      await table.transitionStage({ model: 'credit', version: String(i), stage: 'Production' });
    }
    await table.transitionStage({
      model: 'credit',
      version: '71',
      stage: 'Production',
      archiveOthers: true,
    });
    const { versions } = await table.model('credit');
    expect(versions.filter(({ stage }) => stage === 'Production').map(({ version }) => version)).toEqual([
      '71',
    ]);
    expect(versions.filter(({ stage }) => stage === 'Archived')).toHaveLength(70);
  });
});

describe('two writers', () => {
  beforeEach(() => table.createModel({ name: 'credit' }));

  it('that tag at once lose no tag', async () => {
    overtakenBy((other) => other.setTag({ model: 'credit', key: 'b' }, '2'));
    await table.setTag({ model: 'credit', key: 'a' }, '1');
    expect((await table.model('credit')).tags).toEqual({ a: '1', b: '2' });
  });

  it('that create versions at once get two numbers', async () => {
    overtakenBy((other) => other.createVersion(DRAFT));
    expect((await table.createVersion(DRAFT)).version).toBe('2');
  });

  it('that want one name do not both get it', async () => {
    overtakenBy((other) => other.createModel({ name: 'risk' }));
    await expect(table.renameModel({ model: 'credit', newName: 'risk' })).rejects.toMatchObject({
      code: 'MODEL_EXISTS',
    });
    overtakenBy((other) => other.createModel({ name: 'fraud' }));
    await expect(table.createModel({ name: 'fraud' })).rejects.toMatchObject({ code: 'MODEL_EXISTS' });
  });

  it('of which one deletes the model do not leave a version behind that could be found', async () => {
    overtakenBy((other) => other.deleteModel({ model: 'credit' }));
    await expect(table.createVersion(DRAFT)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });
});

describe('tags', () => {
  const whole = async () => (await table.tagsOf([await table.model('credit')]))[0];

  it('of 100,000 characters keep every item below the limit of 400 KiB, and one read of the model small', async () => {
    const tags = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`card-${i}`, 'é'.repeat(50_000)]));
    await table.createModel({ name: 'credit', tags });
    expect(await whole()).toEqual(tags);
    const [meta] = itemsOf('M#');
    expect(JSON.stringify(meta).length).toBeLessThan(1000);
  });

  it('that are many and short stand in the item of their model as long as they fit', async () => {
    const tags = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`t${i}`, 'x'.repeat(1000)]));
    await table.createModel({ name: 'credit', tags });
    expect(await whole()).toEqual(tags);
    expect(itemsOf('D#').length).toBeGreaterThan(10);
  });

  it('change between long and short, and are gone when they are deleted', async () => {
    await table.createModel({ name: 'credit' });
    const tag = { model: 'credit', key: 'card' };
    for (const value of ['short', 'x'.repeat(5000), 'y'.repeat(5000), '']) {
      await table.setTag(tag, value);
      expect(await whole()).toEqual({ card: value });
    }
    expect(itemsOf('D#')).toEqual([]);
    await table.setTag(tag, 'x'.repeat(5000));
    await table.deleteTag(tag);
    expect(await whole()).toEqual({});
    expect(itemsOf('D#')).toEqual([]);
  });

  it('that are set to what they are change nothing, and tell nobody', async () => {
    await table.createModel({ name: 'credit', tags: { a: '1' } });
    await table.setTag({ model: 'credit', key: 'a' }, '1');
    await table.deleteTag({ model: 'credit', key: 'b' });
    expect(eventsOf('model-tag-set', 'model-tag-deleted')).toEqual([]);
  });

  it.each([
    ['', 'v', 'INVALID_TAG'],
    ['a=b', 'v', 'INVALID_TAG'],
    ['__proto__', 'v', 'INVALID_TAG'],
    ['k'.repeat(251), 'v', 'INVALID_TAG'],
    ['k', 'v'.repeat(100_001), 'INVALID_TAG'],
    ['k', '\uD800', 'INVALID_TAG'],
  ])('%j=%j is refused', async (key, value, code) => {
    await table.createModel({ name: 'credit' });
    await expect(table.setTag({ model: 'credit', key }, value)).rejects.toMatchObject({
      code,
      statusCode: 400,
    });
  });

  it('that are together more than an answer carries are refused', async () => {
    const tags = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`t${i}`, 'x'.repeat(100_000)]));
    await expect(table.createModel({ name: 'credit', tags })).rejects.toMatchObject({
      code: 'TOO_MANY_TAGS',
    });
    const keys = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`${i} ${'k'.repeat(200)}`, '']));
    await expect(table.createModel({ name: 'credit', tags: keys })).rejects.toMatchObject({
      code: 'TOO_MANY_TAGS',
    });
    expect(dynamo.items).toEqual([]);
  });

  it('that are long are set in one go up to what a transaction holds', async () => {
    const long = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, 'x'.repeat(3000)]));
    await table.createModel({ name: 'credit', tags: long(90) });
    expect(await whole()).toEqual(long(90));
    await expect(table.createModel({ name: 'risk', tags: long(91) })).rejects.toMatchObject({
      code: 'TOO_MANY_TAGS',
      statusCode: 400,
    });
    await table.setTag({ model: 'credit', key: 'one more' }, 'x'.repeat(3000));
  });

  it('make a prompt of a model, which is listed as such', async () => {
    await table.createModel({ name: 'credit' });
    await table.setTag({ model: 'credit', key: 'mlflow.prompt.is_prompt' }, 'true');
    expect([await table.modelNames(), (await table.listModels('prompt')).map(({ name }) => name)]).toEqual([
      [],
      ['credit'],
    ]);
    expect(await table.createVersion({ ...DRAFT, source: 'text' })).toMatchObject({ status: 'READY' });
    await expect(table.resolve('credit', '1')).rejects.toMatchObject({
      code: 'NOT_A_MODEL',
      statusCode: 400,
    });
    await expect(table.registerVersion({ model: 'credit', ...ADMITTED })).rejects.toMatchObject({
      code: 'MODEL_EXISTS',
    });
  });
});

describe('every change', () => {
  it('has its event, with who made it, and no text that people wrote', async () => {
    const actor = 'ann';
    await table.createModel({ name: 'credit', notes: 'secret', tags: { a: 'secret' }, actor });
    await table.updateModel({ model: 'credit', notes: 'secret', actor });
    await table.setTag({ model: 'credit', key: 'b', actor }, 'secret');
    await table.deleteTag({ model: 'credit', key: 'b', actor });
    await table.createVersion({ ...DRAFT, notes: 'secret', tags: { a: 'secret' }, actor });
    await table.updateVersion({ model: 'credit', version: '1', notes: 'secret', actor });
    await table.setTag({ model: 'credit', version: '1', key: 'b', actor }, 'secret');
    await table.deleteTag({ model: 'credit', version: '1', key: 'b', actor });
    await table.transitionStage({ model: 'credit', version: '1', stage: 'Staging', actor });
    await table.admitVersion({ model: 'credit', version: '1', actor }, ADMITTED);
    await table.setAlias({ model: 'credit', version: '1', alias: 'champion', actor });
    await table.deleteAlias({ model: 'credit', alias: 'champion', actor });
    await table.deleteVersion({ model: 'credit', version: '1', actor });
    await table.createVersion({ ...DRAFT, actor });
    await table.failVersion({ model: 'credit', version: '2', actor }, 'not ONNX');
    await table.renameModel({ model: 'credit', newName: 'risk', actor });
    await table.deleteModel({ model: 'risk', actor });
    expect(new Set(eventsOf())).toEqual(
      new Set([
        'model-created',
        'model-updated',
        'model-tag-set',
        'model-tag-deleted',
        'version-created',
        'version-updated',
        'version-tag-set',
        'version-tag-deleted',
        'version-stage-changed',
        'version-admitted',
        'version-failed',
        'alias-moved',
        'alias-deleted',
        'version-deleted',
        'model-renamed',
        'model-deleted',
      ]),
    );
    const events = itemsOf('OUTBOX#').map(({ event }) => event as { data: { actor?: string } });
    expect(events.every(({ data }) => data.actor === actor)).toBe(true);
    expect(JSON.stringify(events)).not.toContain('secret');
  });
});
