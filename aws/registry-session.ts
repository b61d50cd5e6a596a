import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { isModelName, isVersionNumber } from '../core/registry/names.ts';
import { modelNotFound, versionNotFound } from '../core/registry/registry-errors.ts';
import {
  type AliasItem,
  type ModelItem,
  toAliasLogEntry,
  type VersionItem,
} from '../core/registry/registry-items.ts';
import {
  ALIAS_PREFIX,
  aliasLogPartition,
  aliasLogPrefix,
  type ItemKey,
  META,
  modelKey,
  VERSION_PREFIX,
  versionKey,
} from '../core/registry/registry-keys.ts';
import type { ModelTarget, VersionTarget } from '../core/registry/registry-writer.ts';
import { type WritePlan, writeOptimistically } from './optimistic-write.ts';
import type { RegistryItemsReader } from './registry-items-reader.ts';
import type { WriteContext } from './registry-transactions.ts';

export interface RegistrySessionOptions {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
  readonly reader: RegistryItemsReader;
  readonly now: () => Date;
  readonly newId: () => string;
  readonly random: () => number;
}

/** Items that a change is about, and what to write them with. */
export interface FoundModel {
  readonly context: WriteContext;
  readonly model: ModelItem;
}

export interface FoundVersion extends FoundModel {
  readonly version: VersionItem;
}

export interface FoundPartition extends FoundModel {
  readonly versions: readonly VersionItem[];
  readonly aliases: readonly AliasItem[];
}

/** What every change of the registry begins and ends with: finding what it is about, and writing it as a whole. */
export class RegistrySession {
  constructor(private readonly options: RegistrySessionOptions) {}

  get reader(): RegistryItemsReader {
    return this.options.reader;
  }

  get client(): DynamoDBDocumentClient {
    return this.options.client;
  }

  get table(): string {
    return this.options.table;
  }

  newId(): string {
    return this.options.newId();
  }

  write<T>(plan: () => Promise<WritePlan<T>>): Promise<T> {
    return writeOptimistically(this.options.client, plan, this.options.random);
  }

  context(modelId: string, actor: string | undefined): WriteContext {
    const { table, now, newId } = this.options;
    return { table, modelId, time: now().toISOString(), newId, actor };
  }

  /** When an alias that is not there now was last changed; undefined when it never was there. */
  async lastAliasChange(modelId: string, alias: string): Promise<string | undefined> {
    const item = await this.reader.last(aliasLogPartition(modelId), aliasLogPrefix(alias));
    return item && toAliasLogEntry(item).time;
  }

  /**
   * The items of a name, the model's own first; undefined when nothing has the name.
   * @throws NotFoundError `MODEL_NOT_FOUND` when no model can have it
   */
  async find(name: string, keys: (modelId: string) => ItemKey[] = () => []) {
    if (!isModelName(name)) throw modelNotFound(name);
    const found = await this.reader.ofModel(name, (id) => [modelKey(id), ...keys(id)]);
    const [model, ...items] = found?.items ?? [];
    return found && model && { modelId: found.modelId, model: model as ModelItem, items };
  }

  /** @throws NotFoundError `MODEL_NOT_FOUND` */
  async model({ model: name, actor }: ModelTarget): Promise<FoundModel> {
    const found = await this.find(name);
    if (found === undefined) throw modelNotFound(name);
    return { context: this.context(found.modelId, actor), model: found.model };
  }

  /** @throws NotFoundError `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND` */
  async version({ model: name, version, actor }: VersionTarget): Promise<FoundVersion> {
    const known = isVersionNumber(version);
    const found = await this.find(name, (id) => (known ? [versionKey(id, version)] : []));
    if (found === undefined) throw modelNotFound(name);
    const [item] = found.items;
    if (item === undefined) throw versionNotFound(name, version);
    return { context: this.context(found.modelId, actor), model: found.model, version: item as VersionItem };
  }

  /** The whole model. @throws NotFoundError `MODEL_NOT_FOUND` */
  async partition({ model: name, actor }: ModelTarget): Promise<FoundPartition> {
    const items = isModelName(name) ? await this.reader.partition(name) : undefined;
    const model = items?.find(({ sk }) => sk === META) as ModelItem | undefined;
    if (items === undefined || model === undefined) throw modelNotFound(name);
    return {
      context: this.context(model.pk.slice(model.pk.indexOf('#') + 1), actor),
      model,
      versions: items.filter(({ sk }) => sk.startsWith(VERSION_PREFIX)) as VersionItem[],
      aliases: items.filter(({ sk }) => sk.startsWith(ALIAS_PREFIX)) as AliasItem[],
    };
  }
}
