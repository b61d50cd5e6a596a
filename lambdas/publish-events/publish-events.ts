import type { AttributeValue as DynamoValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { AttributeValue, DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod';
import type { RegistryEventsBus } from '../../aws/registry-events-bus.ts';
import { type BusEntry, busEntry } from '../../core/registry/bus-entry.ts';
import type { EventItem } from '../../core/registry/registry-items.ts';
import { REGISTRY_PARTITIONS } from '../../lib/contracts/registry-layout.ts';

export interface PublishOutcome {
  readonly response: DynamoDBBatchResponse;
  /** Events that the bus has. */
  readonly published: number;
  /** Those among them whose data was left out, since they are too large for a bus. */
  readonly withoutData: number;
  /** Partition and sort key of the first of the others: model id, time and event id. */
  readonly stoppedAt?: string;
  /** Why it is to be tried again. */
  readonly cause?: unknown;
}

/** What the bus cannot do without; the rest of an event is handed on as it is, be it of a version to come. */
const eventItem = z.object({
  pk: z.string(),
  sk: z.string(),
  event: z.looseObject({ id: z.string(), type: z.string(), time: z.iso.datetime() }),
});

/**
 * Sends the events that stand in new items of the outbox, in the order of the stream. At the first that cannot be sent
 * the rest is left, and Lambda tries again from there. What is sent twice by that has the same id.
 */
export async function publishEvents(
  records: readonly DynamoDBRecord[],
  bus: Pick<RegistryEventsBus, 'send'>,
): Promise<PublishOutcome> {
  const events = records.filter(isNewEvent);
  const { entries, cause: unreadable } = readWhileReadable(events);
  const { sent, cause } = await bus.send(entries);
  const first = events[sent];
  return {
    response: {
      batchItemFailures: first ? [{ itemIdentifier: first.dynamodb?.SequenceNumber ?? '' }] : [],
    },
    published: sent,
    withoutData: entries.slice(0, sent).filter(({ detail }) => 'dataref' in JSON.parse(detail)).length,
    stoppedAt: first && `${first.dynamodb?.Keys?.['pk']?.S} ${first.dynamodb?.Keys?.['sk']?.S}`,
    cause: cause ?? unreadable,
  };
}

/** The event source hands over nothing else where it filters. */
function isNewEvent({ eventName, dynamodb }: DynamoDBRecord): boolean {
  const partition = dynamodb?.Keys?.['pk']?.S ?? '';
  return eventName === 'INSERT' && partition.startsWith(REGISTRY_PARTITIONS.events);
}

/** An item that cannot be read stops those behind it, which may be of the same model, until Lambda puts it aside. */
function readWhileReadable(events: readonly DynamoDBRecord[]): { entries: BusEntry[]; cause?: unknown } {
  const entries: BusEntry[] = [];
  for (const { dynamodb } of events) {
    try {
      entries.push(busEntry(readItem(dynamodb?.NewImage ?? {})));
    } catch (cause) {
      return { entries, cause };
    }
  }
  return { entries };
}

function readItem(image: Readonly<Record<string, AttributeValue>>): EventItem {
  const item = unmarshall(image as Record<string, DynamoValue>);
  return eventItem.parse(item) as unknown as EventItem;
}
