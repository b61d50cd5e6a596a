import { randomUUID } from 'node:crypto';
import { type DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import {
  ACCESS_PARTITION,
  type AccessRevisionItem,
  REVISION_PREFIX,
  revisionItem,
  revisionKey,
  toAccessRevision,
  toRecord,
} from '../core/access/access-items.ts';
import type {
  AccessPut,
  AccessRevision,
  AccessRulesReader,
  AccessRulesWriter,
  RevisionRecord,
} from '../core/access/access-revision.ts';
import { InvalidInputError } from '../core/errors.ts';
import { accessRulesChanged } from '../core/registry/registry-events.ts';
import { eventItem } from '../core/registry/registry-items.ts';
import { REGISTRY_KEY } from '../lib/contracts/registry-layout.ts';
import { type WritePlan, writeOptimistically } from './optimistic-write.ts';
import { orUnavailable, REGISTRY_SILENT } from './unavailable.ts';

export interface AccessRulesTableOptions {
  readonly now?: () => Date;
  /** Unique ids of events. */
  readonly newId?: () => string;
  /** In [0, 1): spreads writers that collided. */
  readonly random?: () => number;
}

/** DynamoDB takes items of 400 KiB; a quarter is left for whatever may be added. */
const MAX_DOCUMENT_BYTES = 300 * 1024;

/** Access rules in the registry's table; layout in core/access/access-items.ts. Every read is strongly consistent. */
export class AccessRulesTable implements AccessRulesReader, AccessRulesWriter {
  readonly #now: () => Date;
  readonly #newId: () => string;
  readonly #random: () => number;

  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
    options: AccessRulesTableOptions = {},
  ) {
    this.#now = options.now ?? (() => new Date());
    this.#newId = options.newId ?? randomUUID;
    this.#random = options.random ?? Math.random;
  }

  async current(): Promise<AccessRevision | undefined> {
    const [newest] = await this.#newest(1);
    return newest && toAccessRevision(newest);
  }

  /** One revision by its number; undefined when it was never put. */
  async revision(revision: number): Promise<AccessRevision | undefined> {
    const { Item } = await this.#answer(() =>
      this.client.send(
        new GetCommand({ TableName: this.table, Key: revisionKey(revision), ConsistentRead: true }),
      ),
    );
    return Item && toAccessRevision(Item as AccessRevisionItem);
  }

  /** Who put which revision and when, the newest first. */
  async history(limit: number): Promise<RevisionRecord[]> {
    return (await this.#newest(limit)).map(toRecord);
  }

  async put({ document, replaces, actor }: AccessPut): Promise<RevisionRecord> {
    const bytes = Buffer.byteLength(JSON.stringify(document));
    if (bytes > MAX_DOCUMENT_BYTES) {
      throw new InvalidInputError(
        'ACCESS_RULES_TOO_LARGE',
        `The access rules have ${bytes} bytes, at most ${MAX_DOCUMENT_BYTES} can be kept; join rules by patterns.`,
      );
    }
    return writeOptimistically(
      this.client,
      async (): Promise<WritePlan<RevisionRecord>> => {
        const [newest] = await this.#newest(1);
        if ((newest?.revision ?? 0) !== replaces) throw rulesChanged(newest, replaces);
        const time = this.#now().toISOString();
        const record: RevisionRecord = { revision: replaces + 1, time, actor };
        const event = accessRulesChanged({ id: this.#newId(), time, actor }, record.revision);
        const items = [revisionItem(record, document), eventItem(ACCESS_PARTITION, event)];
        const writes = items.map((item) => ({
          Put: {
            TableName: this.table,
            Item: { ...item },
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        }));
        return { writes, result: record };
      },
      this.#random,
    );
  }

  async #newest(limit: number): Promise<AccessRevisionItem[]> {
    const { Items } = await this.#answer(() =>
      this.client.send(
        new QueryCommand({
          TableName: this.table,
          ConsistentRead: true,
          ScanIndexForward: false,
          Limit: limit,
          KeyConditionExpression: '#pk = :access AND begins_with(#sk, :revision)',
          ExpressionAttributeNames: { '#pk': REGISTRY_KEY.partition, '#sk': REGISTRY_KEY.sort },
          ExpressionAttributeValues: { ':access': ACCESS_PARTITION, ':revision': REVISION_PREFIX },
        }),
      ),
    );
    return (Items ?? []) as AccessRevisionItem[];
  }

  async #answer<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw orUnavailable(error, 'REGISTRY_UNAVAILABLE', REGISTRY_SILENT);
    }
  }
}

function rulesChanged(newest: RevisionRecord | undefined, replaces: number): InvalidInputError {
  const now =
    newest === undefined
      ? 'There are no access rules yet: yours replace revision 0'
      : `The access rules are at revision ${newest.revision}, put by ${newest.actor ?? 'somebody'} at ${newest.time}: ` +
        'look at them, and put yours anew with that revision';
  return new InvalidInputError('ACCESS_RULES_CHANGED', `${now}, not ${replaces}.`, { statusCode: 409 });
}
