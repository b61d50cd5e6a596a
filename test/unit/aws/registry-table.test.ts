import { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { RegistryTable } from '../../../aws/registry-table.ts';
import type { ModelVersion } from '../../../core/registry/model-version.ts';
import {
  aliasItem,
  detailsItem,
  modelItem,
  pointerItem,
  versionItem,
} from '../../../core/registry/registry-items.ts';
import {
  aliasKey,
  detailsKey,
  type ItemKey,
  modelKey,
  pointerKey,
  versionKey,
} from '../../../core/registry/registry-keys.ts';

const TABLE = 'registry';
const NOW = new Date('2026-11-24T10:00:00.000Z');

const dynamo = mockClient(DynamoDBDocumentClient);

/** What the table holds. Reads answer from it; writes are looked at, not applied. */
let items: ItemKey[];
let table: RegistryTable;

const version = (number: number): ModelVersion => ({
  model: 'credit',
  version: String(number),
  status: 'READY',
  artifact: { digest: String(number).repeat(64), size: 10 },
  description: { irVersion: 9, opsets: {}, producer: '', operators: [], inputs: [], outputs: [] },
  createdAt: NOW.toISOString(),
});

const time = NOW.toISOString();
const outline = (id: string) => ({ id, name: 'credit', tags: {}, createdAt: time, lastUpdatedAt: time });

/** The two items of a version that is served. */
function versionItems(modelId: string, number: number): ItemKey[] {
  const { description: _description, ...summary } = version(number);
  const record = { ...summary, modelId, stage: 'None', source: '', tags: {}, lastUpdatedAt: time } as const;
  return [versionItem(record), detailsItem(modelId, version(number))];
}

const find = (key: ItemKey) => items.find(({ pk, sk }) => pk === key.pk && sk === key.sk);

beforeEach(() => {
  const move = { model: 'credit', alias: 'champion', to: '1' };
  items = [
    pointerItem('credit', 'id1'),
    modelItem(outline('id1'), 3),
    ...versionItems('id1', 1),
    ...versionItems('id1', 2),
    aliasItem('id1', move, NOW.toISOString()),
  ];
  dynamo.reset();
  dynamo.on(GetCommand).callsFake(({ Key }: { Key: ItemKey }) => ({ Item: find(Key) }));
  dynamo.on(BatchGetCommand).callsFake((input: { RequestItems: Record<string, { Keys: ItemKey[] }> }) => ({
    // DynamoDB answers a batch in any order.
    Responses: { [TABLE]: (input.RequestItems[TABLE]?.Keys ?? []).map(find).filter(Boolean).reverse() },
  }));
  dynamo.on(TransactWriteCommand).resolves({});
  table = new RegistryTable(DynamoDBDocumentClient.from(new DynamoDBClient({})), TABLE, {
    now: () => NOW,
    newId: () => 'new-id',
    random: () => 0,
  });
});

const batches = () =>
  dynamo.commandCalls(BatchGetCommand).map(({ args: [{ input }] }) => input.RequestItems?.[TABLE]);
const written = () =>
  dynamo.commandCalls(TransactWriteCommand).map(({ args: [{ input }] }) => input.TransactItems ?? []);

function canceled(...codes: string[]): TransactionCanceledException {
  return new TransactionCanceledException({
    message: 'Transaction cancelled',
    $metadata: { httpStatusCode: 400 },
    CancellationReasons: codes.map((Code) => ({ Code })),
  });
}

describe('resolving an alias that was resolved before', () => {
  beforeEach(async () => {
    await table.resolve('credit');
    dynamo.resetHistory();
  });

  it('is one strongly consistent read of pointer and alias', async () => {
    expect(await table.resolve('credit')).toEqual(version(1));
    expect(dynamo.calls()).toHaveLength(1);
    expect(batches()).toEqual([
      { Keys: [pointerKey('credit'), aliasKey('id1', 'champion')], ConsistentRead: true },
    ]);
  });

  it('sees at once that the alias moved', async () => {
    items = items.map((item) => (item.sk === 'A#champion' ? { ...item, version: 2 } : item));
    expect((await table.resolve('credit')).version).toBe('2');
  });

  it('sees at once that another model has the name now', async () => {
    items = [
      pointerItem('credit', 'id2'),
      modelItem(outline('id2'), 10),
      ...versionItems('id2', 9),
      aliasItem('id2', { model: 'credit', alias: 'champion', to: '9' }, NOW.toISOString()),
      ...items.filter(({ sk }) => sk !== 'P'),
    ];
    expect((await table.resolve('credit')).version).toBe('9');
  });

  it('sees at once that nothing has the name any more', async () => {
    items = items.filter(({ sk }) => sk !== 'P');
    await expect(table.resolve('credit')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });
});

describe('resolving', () => {
  it.each([
    ['stats', '1', 'MODEL_NOT_FOUND'],
    ['', undefined, 'MODEL_NOT_FOUND'],
    ['credit', 'latest', 'VERSION_NOT_FOUND'],
    ['credit', '01', 'VERSION_NOT_FOUND'],
    ['credit', 'a/b', 'VERSION_NOT_FOUND'],
  ])('%j, %j, which no one can have registered, does not cost a read', async (model, wanted, code) => {
    await expect(table.resolve(model, wanted)).rejects.toMatchObject({ code, statusCode: 404 });
    expect(dynamo.calls()).toHaveLength(0);
  });

  it.each([
    { wanted: '3', code: 'VERSION_NOT_FOUND' },
    { wanted: 'shadow', code: 'VERSION_NOT_FOUND' },
  ])('$wanted, which is not there, is $code', async ({ wanted, code }) => {
    await expect(table.resolve('credit', wanted)).rejects.toMatchObject({ code });
  });

  it('no version, without a champion, says how to choose one', async () => {
    items = items.filter(({ sk }) => sk !== 'A#champion');
    await expect(table.resolve('credit')).rejects.toMatchObject({
      code: 'NO_CHAMPION',
      message: expect.stringContaining('strata alias credit champion'),
    });
  });

  it.each(['1', undefined])(
    '(%s) a version that is not ready is unavailable, until it is',
    async (wanted) => {
      const ready = items;
      items = items.map((item) =>
        item.sk.startsWith('V#') ? { ...item, status: 'PENDING_REGISTRATION' } : item,
      );
      await expect(table.resolve('credit', wanted)).rejects.toMatchObject({
        code: 'MODEL_NOT_READY',
        retryable: true,
      });
      items = ready;
      expect((await table.resolve('credit', wanted)).version).toBe('1');
    },
  );
});

describe('a read', () => {
  it('asks again for what a throttled batch left out', async () => {
    await table.resolve('credit', '1');
    dynamo.resetHistory();
    const left = { [TABLE]: { Keys: [{ ...versionKey('id1', '2') }], ConsistentRead: true } };
    const [item, details] = versionItems('id1', 2).map((each) => ({ ...each }));
    dynamo
      .on(BatchGetCommand)
      .resolvesOnce({
        Responses: { [TABLE]: [pointerItem('credit', 'id1'), details as ItemKey] },
        UnprocessedKeys: left,
      })
      .resolvesOnce({ Responses: { [TABLE]: [item as ItemKey] } });
    expect((await table.resolve('credit', '2')).version).toBe('2');
    expect(batches()[1]?.Keys).toEqual([versionKey('id1', '2')]);
  });

  it('that stays throttled is an outage, not a missing version', async () => {
    const left = { [TABLE]: { Keys: [{ ...versionKey('id1', '2') }] } };
    dynamo.on(BatchGetCommand).resolves({ UnprocessedKeys: left });
    await expect(table.resolve('credit', '2')).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  });

  it.each([
    { name: 'ProvisionedThroughputExceededException', $metadata: { httpStatusCode: 400 } },
    { name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } },
    { name: 'InternalServerError', $metadata: { httpStatusCode: 500 } },
    { name: 'TimeoutError' },
    { name: 'Error', code: 'ECONNREFUSED' },
  ])('that fails with $name $code is UNAVAILABLE, 503, retryable', async (fields) => {
    dynamo.on(GetCommand).rejects(Object.assign(new Error('secret internals'), fields));
    await expect(table.model('credit')).rejects.toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
      statusCode: 503,
      retryable: true,
      message: expect.not.stringContaining('secret internals'),
    });
  });

  it('that is forbidden is not called an outage', async () => {
    const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    dynamo.on(GetCommand).rejects(denied);
    await expect(table.model('credit')).rejects.toBe(denied);
  });

  it('of many items follows the pages', async () => {
    const [, model, first, , second, , alias] = items;
    dynamo
      .on(QueryCommand)
      .resolvesOnce({ Items: [alias, model].map((item) => ({ ...item })), LastEvaluatedKey: { pk: 'next' } })
      .resolvesOnce({ Items: [first, second].map((item) => ({ ...item })) });
    const { versions, aliases } = await table.model('credit');
    expect(versions.map((each) => each.version)).toEqual(['1', '2']);
    expect(aliases).toEqual({ champion: '1' });
    expect(dynamo.commandCalls(QueryCommand)[1]?.args[0].input.ExclusiveStartKey).toEqual({ pk: 'next' });
  });

  it('are not what a ping asks for: it reads one entry, be there more or none', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [{ name: 'a' }], LastEvaluatedKey: { pk: 'next' } });
    await expect(table.ping()).resolves.toBeUndefined();
    const [only, ...more] = dynamo.commandCalls(QueryCommand);
    expect(more).toEqual([]);
    expect(only?.args[0].input).toMatchObject({ IndexName: 'models', Limit: 1 });
  });
});

describe('registering a version', () => {
  const { artifact, description } = version(1);
  const draft = { model: 'credit', artifact, description };

  it('takes the number that the model expects, in a transaction of conditional writes only', async () => {
    expect((await table.registerVersion({ ...draft, alias: 'champion', actor: 'ann' })).version).toBe('3');
    const [writes = []] = written();
    const conditions = writes.map((write) => Object.values(write)[0]?.ConditionExpression);
    expect(conditions.filter((condition) => condition === undefined)).toEqual([]);
    expect(writes.map(({ Put, Update }) => Put?.Item?.['sk'] ?? Update?.Key?.['sk'])).toEqual([
      'META',
      versionKey('id1', '3').sk,
      detailsKey('id1', '3').sk,
      `${NOW.toISOString()}#new-id`,
      'A#champion',
      `champion#${NOW.toISOString()}#new-id`,
      `${NOW.toISOString()}#new-id`,
    ]);
  });

  it('makes a model that is not there, with the version 1', async () => {
    const created = await table.registerVersion({ ...draft, model: 'fraud' });
    expect(created).toMatchObject({ model: 'fraud', version: '1' });
    const keys = written()[0]?.map(({ Put }) => [Put?.Item?.['pk'], Put?.Item?.['sk']]);
    expect(keys?.slice(0, 2)).toEqual([
      ['NAME#fraud', 'P'],
      ['M#new-id', 'META'],
    ]);
  });

  it.each(['ConditionalCheckFailed', 'TransactionConflict', 'ThrottlingError'])(
    'plans anew after %s, from what the table holds then',
    async (reason) => {
      dynamo
        .on(TransactWriteCommand)
        .callsFakeOnce(() => {
          items = items.map((item) => (item.sk === modelKey('id1').sk ? { ...item, nextVersion: 4 } : item));
          throw canceled('None', reason);
        })
        .resolves({});
      expect((await table.registerVersion(draft)).version).toBe('4');
      expect(written()).toHaveLength(2);
    },
  );

  it('gives up when others are always faster', async () => {
    dynamo.on(TransactWriteCommand).rejects(canceled('ConditionalCheckFailed'));
    await expect(table.registerVersion(draft)).rejects.toMatchObject({
      code: 'REGISTRY_BUSY',
      statusCode: 503,
    });
  });

  it('does not repeat what cannot hold', async () => {
    dynamo.on(TransactWriteCommand).rejects(canceled('ConditionalCheckFailed', 'ValidationError'));
    await expect(table.registerVersion(draft)).rejects.toBeInstanceOf(TransactionCanceledException);
    expect(written()).toHaveLength(1);
  });

  it.each([
    { change: { model: 'a/b' }, code: 'INVALID_MODEL_NAME' },
    { change: { alias: 'v1' }, code: 'INVALID_ALIAS' },
  ])('refuses $code without a read', async ({ change, code }) => {
    await expect(table.registerVersion({ ...draft, ...change })).rejects.toMatchObject({ code });
    expect(dynamo.calls()).toHaveLength(0);
  });
});

describe('moving an alias', () => {
  it('holds only while the version is as it was read, which is READY, and the alias where it was', async () => {
    await table.setAlias({ model: 'credit', alias: 'champion', version: '2' });
    const [[check, put] = []] = written();
    expect(check?.Update).toMatchObject({
      Key: versionKey('id1', '2'),
      ConditionExpression: '#revision = :read',
      ExpressionAttributeValues: { ':read': 1, ':revision': 2 },
    });
    expect(put?.Put).toMatchObject({
      Item: { ...aliasKey('id1', 'champion'), version: 2 },
      ConditionExpression: '#version = :from',
      ExpressionAttributeValues: { ':from': 1 },
    });
  });

  it('to where it points already writes nothing', async () => {
    const move = await table.setAlias({ model: 'credit', alias: 'champion', version: '1' });
    expect(move).toEqual({ model: 'credit', alias: 'champion', from: '1', to: '1' });
    expect(written()).toEqual([]);
  });

  it('to a version that is not READY is refused with 409', async () => {
    items = items.map((item) =>
      item.sk.startsWith('V#') ? { ...item, status: 'FAILED_REGISTRATION' } : item,
    );
    await expect(table.setAlias({ model: 'credit', alias: 'champion', version: '2' })).rejects.toMatchObject({
      code: 'VERSION_NOT_READY',
      statusCode: 409,
    });
    expect(written()).toEqual([]);
  });

  it.each([
    { change: { alias: 'latest' }, code: 'INVALID_ALIAS' },
    { change: { version: 'two' }, code: 'INVALID_VERSION' },
    { change: { model: 'a/b' }, code: 'MODEL_NOT_FOUND' },
    { change: { version: '7' }, code: 'VERSION_NOT_FOUND' },
  ])('refuses $code', async ({ change, code }) => {
    const move = { model: 'credit', alias: 'champion', version: '2', ...change };
    await expect(table.setAlias(move)).rejects.toMatchObject({ code });
    expect(written()).toEqual([]);
  });
});
