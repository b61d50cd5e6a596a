import { setTimeout as sleep } from 'node:timers/promises';
import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';
import { UnavailableError } from '../core/errors.ts';
import { RecentlyUsed } from '../core/registry/recently-used.ts';
import {
  type ItemKey,
  LISTING,
  modelPartition,
  type PointerItem,
  pointerKey,
} from '../core/registry/registry-items.ts';
import { MODELS_INDEX, REGISTRY_KEY } from '../lib/contracts/registry-layout.ts';
import { orUnavailable, REGISTRY_SILENT } from './unavailable.ts';

/** The items that were read of one model. */
export interface ModelItems {
  readonly modelId: string;
  /** In the order of the keys that were asked for; undefined where there is no such item. */
  readonly items: readonly (ItemKey | undefined)[];
}

/** A throttled batch answers with the keys that it did not read; after this many tries it counts as an outage. */
const BATCH_ATTEMPTS = 4;

const ALL_NAMES = {
  IndexName: MODELS_INDEX.name,
  KeyConditionExpression: '#listing = :all',
  ProjectionExpression: '#name',
  ExpressionAttributeNames: { '#listing': MODELS_INDEX.partition, '#name': MODELS_INDEX.sort },
  ExpressionAttributeValues: { ':all': LISTING },
};

/**
 * Reads items of the registry table. Every read but the listing is strongly consistent: who has registered a version
 * or moved an alias sees it in the next read.
 */
export class RegistryItemsReader {
  /**
   * Ids of models by name, as last seen. Only a guess that saves a round trip: the pointer is read along with what the
   * guess leads to, and decides.
   */
  readonly #modelIds = new RecentlyUsed<string, string>(1000);

  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
  ) {}

  /** Reads the listing's first entry: the same right and the same index as the whole of it, whatever its length. */
  async ping(): Promise<void> {
    await this.#answer(() =>
      this.client.send(new QueryCommand({ ...ALL_NAMES, TableName: this.table, Limit: 1 })),
    );
  }

  /** Names of all models, sorted by their UTF-8 bytes. */
  async modelNames(): Promise<string[]> {
    const items = await this.#query(ALL_NAMES);
    return items.map((item) => item[MODELS_INDEX.sort] as string);
  }

  /** All items of a model's partition, by sort key; undefined when nothing has the name. */
  async partition(name: string): Promise<ItemKey[] | undefined> {
    const modelId = await this.#pointer(name);
    if (modelId === undefined) {
      return undefined;
    }
    const items = await this.#query({
      ConsistentRead: true,
      KeyConditionExpression: '#pk = :model',
      ExpressionAttributeNames: { '#pk': REGISTRY_KEY.partition },
      ExpressionAttributeValues: { ':model': modelPartition(modelId) },
    });
    return items as unknown as ItemKey[];
  }

  /**
   * Some items of a model: one round trip when the name was seen before, two when not.
   * @returns undefined when nothing has the name
   */
  async ofModel(name: string, keys: (modelId: string) => ItemKey[]): Promise<ModelItems | undefined> {
    const guess = this.#modelIds.get(name);
    if (guess !== undefined) {
      const [pointer, ...items] = await this.#batch([pointerKey(name), ...keys(guess)]);
      if ((pointer as PointerItem | undefined)?.modelId === guess) {
        return { modelId: guess, items };
      }
      this.#modelIds.delete(name);
    }
    const modelId = await this.#pointer(name);
    return modelId === undefined ? undefined : { modelId, items: await this.#batch(keys(modelId)) };
  }

  async #pointer(name: string): Promise<string | undefined> {
    const { Item } = await this.#answer(() =>
      this.client.send(
        new GetCommand({ TableName: this.table, Key: pointerKey(name), ConsistentRead: true }),
      ),
    );
    const modelId = (Item as PointerItem | undefined)?.modelId;
    if (modelId !== undefined) {
      this.#modelIds.set(name, modelId);
    }
    return modelId;
  }

  async #batch(keys: readonly ItemKey[]): Promise<(ItemKey | undefined)[]> {
    const found = new Map<string, ItemKey>();
    let missing: Record<string, unknown>[] = keys.map((key) => ({ ...key }));
    for (let attempt = 0; missing.length > 0; attempt++) {
      if (attempt === BATCH_ATTEMPTS) {
        throw new UnavailableError('REGISTRY_UNAVAILABLE', REGISTRY_SILENT);
      }
      if (attempt > 0) {
        await sleep(10 * 2 ** attempt);
      }
      const request = { [this.table]: { Keys: missing, ConsistentRead: true } };
      const { Responses, UnprocessedKeys } = await this.#answer(() =>
        this.client.send(new BatchGetCommand({ RequestItems: request })),
      );
      for (const item of (Responses?.[this.table] ?? []) as ItemKey[]) {
        found.set(JSON.stringify([item.pk, item.sk]), item);
      }
      missing = UnprocessedKeys?.[this.table]?.Keys ?? [];
    }
    return keys.map(({ pk, sk }) => found.get(JSON.stringify([pk, sk])));
  }

  async #query(
    query: Omit<QueryCommand['input'], 'TableName' | 'ExclusiveStartKey'>,
  ): Promise<Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = [];
    let next: Record<string, unknown> | undefined;
    do {
      const page = await this.#answer(() =>
        this.client.send(new QueryCommand({ ...query, TableName: this.table, ExclusiveStartKey: next })),
      );
      items.push(...(page.Items ?? []));
      next = page.LastEvaluatedKey;
    } while (next !== undefined);
    return items;
  }

  async #answer<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw orUnavailable(error, 'REGISTRY_UNAVAILABLE', REGISTRY_SILENT);
    }
  }
}
