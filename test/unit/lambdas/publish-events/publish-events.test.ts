import type { PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RegistryEventsBus } from '../../../../aws/registry-events-bus.ts';
import withoutEvent from '../../../../events/publish-events/item-without-event.json' with { type: 'json' };
import twoModels from '../../../../events/publish-events/two-models.json' with { type: 'json' };
import { publishEvents } from '../../../../lambdas/publish-events/publish-events.ts';

type Answer = (entry: PutEventsRequestEntry, call: number) => string | undefined;

/** A bus that refuses an entry with a code, or takes it. */
function busThat(refuses: Answer = () => undefined) {
  const calls: PutEventsRequestEntry[][] = [];
  const taken: { id: string; partitionkey: string }[] = [];
  const client = {
    send: async ({ input }: { input: { Entries: PutEventsRequestEntry[] } }) => {
      const call = calls.push(input.Entries);
      const codes = input.Entries.map((entry) => refuses(entry, call));
      taken.push(...input.Entries.filter((_, index) => !codes[index]).map(detailOf));
      return {
        FailedEntryCount: codes.filter(Boolean).length,
        Entries: codes.map((code) =>
          code ? { ErrorCode: code, ErrorMessage: 'later' } : { EventId: 'taken' },
        ),
      };
    },
  };
  return { bus: new RegistryEventsBus(client as never, 'registry-events', [1, 1]), calls, taken };
}

const detailOf = ({ Detail = '' }: PutEventsRequestEntry) => JSON.parse(Detail);
const records = twoModels.Records as unknown as DynamoDBRecord[];
const sequence = (index: number) => records[index]?.dynamodb?.SequenceNumber;
const idOf = (index: number) => records[index]?.dynamodb?.NewImage?.['event']?.M?.['id']?.S;

/** A new item of the outbox as the stream hands it over. */
function outboxRecord(model: string, number: number, data: Record<string, string> = {}): DynamoDBRecord {
  const time = '2026-11-25T03:00:00.000Z';
  const event = { id: `${model}-${number}`, type: 'strata.registry.alias-moved', time, subject: model, data };
  const item = { pk: `OUTBOX#${model}`, sk: `${time}#${event.id}`, event };
  return {
    eventName: 'INSERT',
    dynamodb: {
      Keys: { pk: { S: item.pk }, sk: { S: item.sk } },
      NewImage: marshall(item) as never,
      SequenceNumber: `sequence-${model}-${number}`,
    },
  };
}

describe('new items of the outbox', () => {
  it('go to the bus as CloudEvents, typed by what happened, with the time at which it did', async () => {
    const { bus, calls } = busThat();
    const outcome = await publishEvents(records, bus);
    expect(outcome).toEqual({
      response: { batchItemFailures: [] },
      published: 4,
      withoutData: 0,
      cause: undefined,
    });
    const entries = calls.flat();
    expect(entries.map(({ DetailType }) => DetailType)).toEqual([
      'ModelVersionRegistered',
      'AliasMoved',
      'AliasMoved',
      'AccessRulesChanged',
    ]);
    expect(entries[1]).toEqual({
      EventBusName: 'registry-events',
      Source: 'strata.registry',
      DetailType: 'AliasMoved',
      Time: new Date('2026-11-25T03:00:01.123Z'),
      Detail: expect.any(String),
    });
    expect(detailOf(entries[1] as PutEventsRequestEntry)).toEqual({
      specversion: '1.0',
      id: idOf(2),
      source: 'strata/registry',
      type: 'strata.registry.alias-moved',
      time: '2026-11-25T03:00:01.123Z',
      subject: 'credit',
      datacontenttype: 'application/json',
      data: { model: 'credit', alias: 'champion', from: '6', to: '7', actor: 'cli:ada' },
      partitionkey: '6d0f1c1e-6c84-4c55-9f53-1d3a5c1b7a01',
    });
  });

  it('are the only ones that go there: other items, and changed ones, are passed over', async () => {
    const { bus, calls } = busThat();
    const changed = records.map((record) => ({ ...record, eventName: 'MODIFY' }) as DynamoDBRecord);
    expect(await publishEvents([records[0] as DynamoDBRecord, ...changed], bus)).toMatchObject({
      published: 0,
    });
    expect(calls).toEqual([]);
  });

  it('of one model are never in one request, so that none overtakes the other', async () => {
    const { bus, calls } = busThat();
    await publishEvents(records, bus);
    expect(calls.map((call) => call.map((entry) => detailOf(entry).id))).toEqual([
      [idOf(1)],
      [idOf(2), idOf(3), idOf(4)],
    ]);
  });

  it('go in requests of ten at most', async () => {
    const { bus, calls } = busThat();
    await publishEvents(
      Array.from({ length: 25 }, (_, index) => outboxRecord(`model-${index}`, 1)),
      bus,
    );
    expect(calls.map((call) => call.length)).toEqual([10, 10, 5]);
  });
});

describe('an event that the bus refuses', () => {
  it('is tried again alone', async () => {
    const { bus, calls } = busThat((entry, call) =>
      call === 2 && detailOf(entry).id === idOf(3) ? 'ThrottlingException' : undefined,
    );
    expect(await publishEvents(records, bus)).toMatchObject({ published: 4, cause: undefined });
    expect(calls.map((call) => call.length)).toEqual([1, 3, 1]);
  });

  it('is where Lambda tries again from, when it is refused each time', async () => {
    const { bus } = busThat((entry) => (detailOf(entry).id === idOf(3) ? 'InternalFailure' : undefined));
    const outcome = await publishEvents(records, bus);
    expect(outcome.response.batchItemFailures).toEqual([{ itemIdentifier: sequence(3) }]);
    expect(outcome.published).toBe(2);
    expect(outcome.stoppedAt).toBe(
      `OUTBOX#b2a7de52-0f0e-4a0c-8c50-3a0d4c55e902 2026-11-25T03:00:02.456Z#${idOf(3)}`,
    );
    expect(String(outcome.cause)).toContain('InternalFailure');
  });

  it('is where Lambda tries again from, when the bus cannot be asked at all', async () => {
    const client = { send: async () => Promise.reject(new Error('AccessDeniedException')) };
    const bus = new RegistryEventsBus(client as never, 'registry-events', [1]);
    const outcome = await publishEvents(records, bus);
    expect(outcome.response.batchItemFailures).toEqual([{ itemIdentifier: sequence(1) }]);
    expect(String(outcome.cause)).toContain('AccessDenied');
  });
});

describe('an item that holds no event', () => {
  it('stops those behind it: what is before it goes, and it is where Lambda tries again from', async () => {
    const { bus, taken } = busThat();
    const outcome = await publishEvents(withoutEvent.Records as unknown as DynamoDBRecord[], bus);
    expect(taken.map(({ id }) => id)).toEqual(['0f5f6a0a-8d0a-4d6e-8a53-6d0e3d8f0001']);
    expect(outcome.response.batchItemFailures).toEqual([
      { itemIdentifier: withoutEvent.Records[1]?.dynamodb.SequenceNumber },
    ]);
    expect(outcome.cause).toBeInstanceOf(Error);
  });
});

describe('an event that is too large for a bus', () => {
  it('goes without its data, and says where that lies', async () => {
    const { bus, calls } = busThat();
    const large = outboxRecord('credit', 1, { message: 'µ'.repeat(150_000) });
    expect(await publishEvents([large], bus)).toMatchObject({ published: 1, withoutData: 1 });
    const detail = detailOf(calls[0]?.[0] as PutEventsRequestEntry);
    expect(detail).toMatchObject({ id: 'credit-1', subject: 'credit', partitionkey: 'credit' });
    expect(detail).not.toHaveProperty('data');
    expect(detail.dataref).toBe(
      `urn:strata:outbox:OUTBOX%23credit:${encodeURIComponent('2026-11-25T03:00:00.000Z#credit-1')}`,
    );
  });

  it('is none up to the limit: requests stay within it together', async () => {
    const { bus, calls } = busThat();
    const half = { message: 'x'.repeat(140 * 1024) };
    await publishEvents([outboxRecord('a', 1, half), outboxRecord('b', 1, half), outboxRecord('c', 1)], bus);
    expect(calls.map((call) => call.map((entry) => detailOf(entry).id))).toEqual([['a-1'], ['b-1', 'c-1']]);
  });
});

describe('whatever the bus refuses, and however often Lambda tries again', () => {
  it('every event gets there, and those of a model for the first time in their order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 }),
        fc.infiniteStream(fc.boolean()),
        async (models, refusals) => {
          const batch = models.map((model, index) => outboxRecord(model, index));
          const { bus, taken } = busThat(() => (refusals.next().value ? 'ThrottlingException' : undefined));
          for (let left = batch; left.length > 0; ) {
            const { response } = await publishEvents(left, bus);
            const [failure] = response.batchItemFailures;
            const from = left.findIndex(
              ({ dynamodb }) => dynamodb?.SequenceNumber === failure?.itemIdentifier,
            );
            left = from < 0 ? [] : left.slice(from);
          }
          const firsts = [...new Set(taken.map(({ id }) => id))];
          for (const model of ['a', 'b', 'c']) {
            const wanted = models.flatMap((each, index) => (each === model ? [`${model}-${index}`] : []));
            expect(firsts.filter((id) => id.startsWith(`${model}-`))).toEqual(wanted);
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});
