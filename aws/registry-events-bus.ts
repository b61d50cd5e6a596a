import { setTimeout as after } from 'node:timers/promises';
import {
  type EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import type { BusEntry } from '../core/registry/bus-entry.ts';

/** Source: EventBridge API, PutEvents: 10 entries, 256 KB; some is left for what stands around the details. */
const MOST_ENTRIES = 10;
const MOST_BYTES = 252 * 1024;

/** A bus that takes no more for a moment takes more a few seconds later. */
const WAITS_MS = [200, 1000, 3000];

export interface Sent {
  /** Entries that the bus has, counted from the first. Later ones of other models may be there too. */
  readonly sent: number;
  /** Why not all are. */
  readonly cause?: unknown;
}

/** Sends the registry's events to an event bus. */
export class RegistryEventsBus {
  constructor(
    private readonly client: Pick<EventBridgeClient, 'send'>,
    /** Name or ARN. */
    private readonly bus: string,
    private readonly waitsMs: readonly number[] = WAITS_MS,
  ) {}

  /**
   * Sends in order: an event of a model is sent once the one before it was taken. Stops at the first that is not taken
   * after all tries. Never throws, so that what was sent is known.
   */
  async send(entries: readonly BusEntry[]): Promise<Sent> {
    let sent = 0;
    for (const chunk of chunks(entries)) {
      const outcome = await this.#sendChunk(chunk);
      sent += outcome.sent;
      if (outcome.sent < chunk.length) return { sent, cause: outcome.cause };
    }
    return { sent };
  }

  /** Tries those again that were not taken. */
  async #sendChunk(chunk: readonly BusEntry[]): Promise<Sent> {
    let left = chunk.map((entry, index) => ({ entry: this.#request(entry), index }));
    let cause: unknown;
    for (const wait of [0, ...this.waitsMs]) {
      if (wait > 0) await after(wait);
      try {
        const request = new PutEventsCommand({ Entries: left.map(({ entry }) => entry) });
        const { Entries = [] } = await this.client.send(request);
        left = left.filter((_, index) => Entries[index]?.EventId === undefined);
        if (left.length === 0) return { sent: chunk.length };
        const refused = Entries.find(({ ErrorCode }) => ErrorCode !== undefined);
        cause = new Error(
          `The event bus does not take all events: ${refused?.ErrorCode}, ${refused?.ErrorMessage}`,
        );
      } catch (error) {
        // The client has tried again itself where that could help.
        return { sent: left[0]?.index ?? 0, cause: error };
      }
    }
    return { sent: left[0]?.index ?? 0, cause };
  }

  #request({ source, detailType, time, detail }: BusEntry): PutEventsRequestEntry {
    return {
      EventBusName: this.bus,
      Source: source,
      DetailType: detailType,
      Time: new Date(time),
      Detail: detail,
    };
  }
}

/** Runs of entries that fit into one request and are of as many models: two of one model could be taken out of order. */
function* chunks(entries: readonly BusEntry[]): Generator<BusEntry[]> {
  let chunk: BusEntry[] = [];
  let keys = new Set<string>();
  let bytes = 0;
  for (const entry of entries) {
    const size = Buffer.byteLength(entry.detail);
    const full = chunk.length === MOST_ENTRIES || bytes + size > MOST_BYTES || keys.has(entry.orderKey);
    if (chunk.length > 0 && full) {
      yield chunk;
      [chunk, keys, bytes] = [[], new Set(), 0];
    }
    chunk.push(entry);
    keys.add(entry.orderKey);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
