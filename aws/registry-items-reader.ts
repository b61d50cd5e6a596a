import { setTimeout as sleep } from 'node:timers/promises';
import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';
import { UnavailableError } from '../core/errors.ts';
import type { RegisteredKind } from '../core/registry/prompts.ts';
import { RecentlyUsed } from '../core/registry/recently-used.ts';
import { LISTINGS, type ModelItem, type PointerItem } from '../core/registry/registry-items.ts';
import {
  detailsPartition,
  type ItemKey,
  META,
  modelPartition,
  pointerKey,
} from '../core/registry/registry-keys.ts';
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

function listing(kind: RegisteredKind): Omit<QueryCommand['input'], 'TableName'> {
  return {
    IndexName: MODELS_INDEX.name,
    KeyConditionExpression: '#listing = :kind',
    ExpressionAttributeNames: { '#listing': MODELS_INDEX.partition },
    ExpressionAttributeValues: { ':kind': LISTINGS[kind] },
  };
}

function beginning(pk: string, prefix: string): Omit<QueryCommand['input'], 'TableName'> {
  return {
    ConsistentRead: true,
    KeyConditionExpression: '#pk = :pk AND begins_with(#sk, :prefix)',
    ExpressionAttributeNames: { '#pk': REGISTRY_KEY.partition, '#sk': REGISTRY_KEY.sort },
    ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
  };
}

/** Most keys of one BatchGetItem. Source: DynamoDB API. */
const MOST_KEYS = 100;

/**
 * Reads items of the registry table. Every read but the listing is strongly consistent: who has registered a version
 * or moved an alias sees it in the next read.
 */
export class RegistryItemsReader {
  /**
   * Ids of models by name, as last seen. Only a guess that saves a round trip: what is read along with it, the pointer
   * or the model's own name, decides.
   */
  readonly #modelIds = new RecentlyUsed<string, string>(1000);

  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
  ) {}

  /** Reads the listing's first entry: the same right and the same index as the whole of it, whatever its length. */
  async ping(): Promise<void> {
    await this.#answer(() =>
      this.client.send(new QueryCommand({ ...listing('model'), TableName: this.table, Limit: 1 })),
    );
  }

  /** Names of all models, sorted by their UTF-8 bytes. */
  async modelNames(): Promise<string[]> {
    const { ExpressionAttributeNames, ...query } = listing('model');
    const items = await this.#query({
      ...query,
      ProjectionExpression: '#name',
      ExpressionAttributeNames: { ...ExpressionAttributeNames, '#name': MODELS_INDEX.sort },
    });
    return items.map((item) => item[MODELS_INDEX.sort] as string);
  }

  /** The items of all models or prompts, sorted by name. */
  async models(kind: RegisteredKind): Promise<ModelItem[]> {
    return (await this.#query(listing(kind))) as unknown as ModelItem[];
  }

  /** All items of a model's partition, by sort key; undefined when nothing has the name. */
  async partition(name: string): Promise<ItemKey[] | undefined> {
    const guess = this.#modelIds.get(name);
    if (guess !== undefined) {
      const items = await this.whole(modelPartition(guess));
      const model = items.find(({ sk }) => sk === META) as ModelItem | undefined;
      if (model?.name === name) return items;
      this.#modelIds.delete(name);
    }
    const modelId = await this.#pointer(name);
    return modelId === undefined ? undefined : await this.whole(modelPartition(modelId));
  }

  /** Items of a partition whose sort keys begin alike, in their order. */
  async beginning(pk: string, prefix: string): Promise<ItemKey[]> {
    return (await this.#query(beginning(pk, prefix))) as unknown as ItemKey[];
  }

  /** The last of these; undefined when there is none. */
  async last(pk: string, prefix: string): Promise<ItemKey | undefined> {
    const query = { ...beginning(pk, prefix), TableName: this.table, ScanIndexForward: false, Limit: 1 };
    const { Items } = await this.#answer(() => this.client.send(new QueryCommand(query)));
    return Items?.[0] as ItemKey | undefined;
  }

  /** Items of a partition with sort keys from one to another, both included, in their order. */
  async between(pk: string, from: string, to: string): Promise<ItemKey[]> {
    const { partition, sort } = REGISTRY_KEY;
    const items = await this.#query({
      ConsistentRead: true,
      KeyConditionExpression: '#pk = :pk AND #sk BETWEEN :from AND :to',
      ExpressionAttributeNames: { '#pk': partition, '#sk': sort },
      ExpressionAttributeValues: { ':pk': pk, ':from': from, ':to': to },
    });
    return items as unknown as ItemKey[];
  }

  /** Keys of whatever is kept of a model: its partition, and what stands beside it. */
  async remains(modelId: string): Promise<ItemKey[]> {
    const partitions = [modelPartition(modelId), detailsPartition(modelId)];
    return (await Promise.all(partitions.map((pk) => this.whole(pk, '#pk, #sk')))).flat();
  }

  /** All items of a partition, by sort key. */
  async whole(pk: string, projection?: string): Promise<ItemKey[]> {
    const items = await this.#query({
      ConsistentRead: true,
      KeyConditionExpression: '#pk = :pk',
      ...(projection && { ProjectionExpression: projection }),
      ExpressionAttributeNames: {
        '#pk': REGISTRY_KEY.partition,
        ...(projection && { '#sk': REGISTRY_KEY.sort }),
      },
      ExpressionAttributeValues: { ':pk': pk },
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
    return modelId === undefined ? undefined : { modelId, items: await this.items(keys(modelId)) };
  }

  /** Any items, in the order of the keys; undefined where there is none. */
  async items(keys: readonly ItemKey[]): Promise<(ItemKey | undefined)[]> {
    const found: (ItemKey | undefined)[] = [];
    for (let start = 0; start < keys.length; start += MOST_KEYS) {
      found.push(...(await this.#batch(keys.slice(start, start + MOST_KEYS))));
    }
    return found;
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
