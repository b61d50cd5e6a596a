import { setTimeout as after } from 'node:timers/promises';
import { type KinesisClient, PutRecordsCommand, type PutRecordsResultEntry } from '@aws-sdk/client-kinesis';

/** Source: Kinesis Data Streams, quotas of PutRecords: 500 records; 1 MiB each with its key; 5 MiB together. */
const MOST_RECORDS = 500;
const MOST_RECORD_BYTES = 1024 * 1024;
const MOST_BYTES = 5 * 1024 * 1024;

/** A shard that takes no more for a moment takes more a second later. */
const WAITS_MS = [100, 300, 1000];

export interface StreamResult {
  readonly partitionKey: string;
  readonly data: string;
  /** What to say instead when the data is too large for a record. */
  readonly tooLarge: (bytes: number) => string;
}

export interface Written {
  /** Results that are in the stream, counted from the first. Later ones may be too. */
  readonly written: number;
  /** Why not all are. */
  readonly cause?: unknown;
}

interface Entry {
  readonly PartitionKey: string;
  readonly Data: Uint8Array;
}

/** Where results go: records with the partition keys of those that they answer. */
export class ResultsStream {
  constructor(
    private readonly client: Pick<KinesisClient, 'send'>,
    private readonly streamName: string,
    private readonly waitsMs: readonly number[] = WAITS_MS,
  ) {}

  async put(results: readonly StreamResult[]): Promise<Written> {
    let written = 0;
    for (const chunk of chunks(results.map(toEntry))) {
      const outcome = await this.#putChunk(chunk);
      written += outcome.written;
      if (outcome.written < chunk.length) return { written, cause: outcome.cause };
    }
    return { written };
  }

  /** Tries those again that were not taken. */
  async #putChunk(chunk: readonly Entry[]): Promise<Written> {
    let left = chunk.map((entry, index) => ({ entry, index }));
    let cause: unknown;
    for (const wait of [0, ...this.waitsMs]) {
      if (wait > 0) await after(wait);
      const taken = await this.#send(left.map(({ entry }) => entry));
      // Its client has tried again already. What was written before stays written, and is not to come twice.
      if ('error' in taken) return { written: left[0]?.index ?? 0, cause: taken.error };
      const { Records } = taken;
      const refused = Records.find(({ ErrorCode }) => ErrorCode !== undefined);
      if (!refused) return { written: chunk.length };
      cause = new Error(`The results stream does not take all records: ${refused.ErrorCode}`);
      left = left.filter((_, index) => Records[index]?.ErrorCode !== undefined);
    }
    return { written: left[0]?.index ?? 0, cause };
  }

  async #send(entries: Entry[]): Promise<{ Records: PutRecordsResultEntry[] } | { error: unknown }> {
    try {
      const { Records = [] } = await this.client.send(
        new PutRecordsCommand({ StreamName: this.streamName, Records: entries }),
      );
      return { Records };
    } catch (error) {
      return { error };
    }
  }
}

function toEntry({ partitionKey, data, tooLarge }: StreamResult): Entry {
  const bytes = Buffer.from(data);
  const fits = bytes.length + Buffer.byteLength(partitionKey) <= MOST_RECORD_BYTES;
  return { PartitionKey: partitionKey, Data: fits ? bytes : Buffer.from(tooLarge(bytes.length)) };
}

function* chunks(entries: readonly Entry[]): Generator<Entry[]> {
  let chunk: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = entry.Data.length + Buffer.byteLength(entry.PartitionKey);
    if (chunk.length === MOST_RECORDS || (chunk.length > 0 && bytes + size > MOST_BYTES)) {
      yield chunk;
      [chunk, bytes] = [[], 0];
    }
    chunk.push(entry);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
