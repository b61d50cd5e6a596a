import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { isModelName } from '../core/registry/names.ts';
import { modelNotFound } from '../core/registry/registry-errors.ts';
import type { EventItem } from '../core/registry/registry-items.ts';
import { eventPartition, modelKey } from '../core/registry/registry-keys.ts';
import { REGISTRY_PARTITIONS } from '../lib/contracts/registry-layout.ts';
import { RegistryItemsReader } from './registry-items-reader.ts';

/** Two times, both included: ISO 8601, UTC, in milliseconds. */
export interface TimeSpan {
  readonly from: string;
  readonly to: string;
}

/** Id under which the events of the access rules are kept. */
export const ACCESS_RULES_ID = REGISTRY_PARTITIONS.accessRules;

/** The registry's outbox: every event that there was, whether it was sent or not. */
export class RegistryOutbox {
  readonly #reader: RegistryItemsReader;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#reader = new RegistryItemsReader(client, table);
  }

  /** @throws NotFoundError `MODEL_NOT_FOUND` */
  async modelId(name: string): Promise<string> {
    const found = isModelName(name) ? await this.#reader.ofModel(name, (id) => [modelKey(id)]) : undefined;
    if (found === undefined) throw modelNotFound(name);
    return found.modelId;
  }

  /** Ids of everything that is registered, and that of the access rules. */
  async ids(): Promise<string[]> {
    const kinds = await Promise.all([this.#reader.models('model'), this.#reader.models('prompt')]);
    return [...kinds.flat().map(({ pk }) => pk.slice(pk.indexOf('#') + 1)), ACCESS_RULES_ID];
  }

  /**
   * Events in the order of time.
   * @param id of a model, also of one that was deleted, or `ACCESS_RULES_ID`
   */
  async events(id: string, { from, to }: TimeSpan): Promise<EventItem[]> {
    // Behind the time stands the id of the event, which is ASCII without "~".
    const items = await this.#reader.between(eventPartition(id), from, `${to}#~`);
    return items as EventItem[];
  }
}
