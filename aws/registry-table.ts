import { randomUUID } from 'node:crypto';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type AliasLog, type AliasLogReader, inOrder } from '../core/registry/alias-history.ts';
import type { ModelVersion } from '../core/registry/model-version.ts';
import { CHAMPION, isAlias, isModelName, isVersionNumber } from '../core/registry/names.ts';
import type { RegisteredKind } from '../core/registry/prompts.ts';
import { RecentlyUsed } from '../core/registry/recently-used.ts';
import type { RecordsReader, Tagged } from '../core/registry/records-reader.ts';
import {
  modelNotFound,
  noChampion,
  notReady,
  notServable,
  versionNotFound,
} from '../core/registry/registry-errors.ts';
import {
  type AliasItem,
  type AliasLogItem,
  type DetailsItem,
  type TagItem,
  toAliasLogEntry,
  toModelOutline,
  toModelRecord,
  toModelVersion,
  toVersionRecord,
  type VersionItem,
} from '../core/registry/registry-items.ts';
import {
  aliasKey,
  aliasLogPartition,
  aliasLogPrefix,
  detailsKey,
  tagKey,
  versionKey,
} from '../core/registry/registry-keys.ts';
import type { RegistryReader } from '../core/registry/registry-reader.ts';
import type { ModelOutline, ModelRecord, VersionRecord } from '../core/registry/registry-records.ts';
import type {
  Admitted,
  AliasChange,
  AliasMove,
  AliasTarget,
  ModelDraft,
  ModelTarget,
  ReadyVersionDraft,
  RegistryWriter,
  StageChange,
  TagTarget,
  VersionDraft,
  VersionTarget,
} from '../core/registry/registry-writer.ts';
import { keysApart, type Tags } from '../core/registry/tags.ts';
import { deleteAlias, setAlias } from './registry-alias-writes.ts';
import { RegistryItemsReader } from './registry-items-reader.ts';
import { createModel, deleteModel, renameModel, updateModel } from './registry-model-writes.ts';
import { RegistrySession } from './registry-session.ts';
import { deleteTag, setTag } from './registry-tag-writes.ts';
import {
  admitVersion,
  createVersion,
  deleteVersion,
  failVersion,
  registerVersion,
  transitionStage,
  updateVersion,
} from './registry-version-writes.ts';

export interface RegistryTableOptions {
  readonly now?: () => Date;
  /** Unique ids, of models and events. */
  readonly newId?: () => string;
  /** In [0, 1): spreads writers that collided. */
  readonly random?: () => number;
}

/** The registry in a DynamoDB table; layout in core/registry/registry-keys.ts. */
export class RegistryTable implements RegistryReader, RecordsReader, RegistryWriter, AliasLogReader {
  readonly #reader: RegistryItemsReader;
  readonly #session: RegistrySession;
  /** READY versions by key: what is served of them never changes. */
  readonly #readyVersions = new RecentlyUsed<string, ModelVersion>(1000);

  constructor(client: DynamoDBDocumentClient, table: string, options: RegistryTableOptions = {}) {
    this.#reader = new RegistryItemsReader(client, table);
    this.#session = new RegistrySession({
      client,
      table,
      reader: this.#reader,
      now: options.now ?? (() => new Date()),
      newId: options.newId ?? randomUUID,
      random: options.random ?? Math.random,
    });
  }

  ping(): Promise<void> {
    return this.#reader.ping();
  }

  modelNames(): Promise<string[]> {
    return this.#reader.modelNames();
  }

  async listModels(kind: RegisteredKind): Promise<ModelOutline[]> {
    return (await this.#reader.models(kind)).map(toModelOutline);
  }

  async model(name: string): Promise<ModelRecord> {
    const items = isModelName(name) ? await this.#reader.partition(name) : undefined;
    const model = items && toModelRecord(items);
    if (model === undefined) throw modelNotFound(name);
    return model;
  }

  async version(name: string, version: string): Promise<VersionRecord> {
    const found = await this.#session.version({ model: name, version });
    return toVersionRecord(name, found.context.modelId, found.version);
  }

  async aliasLog(name: string, alias?: string): Promise<AliasLog> {
    const { id, createdAt } = toModelOutline((await this.#session.model({ model: name })).model);
    const prefix = alias === undefined ? '' : aliasLogPrefix(alias);
    const pk = aliasLogPartition(id);
    const items = prefix === '' ? await this.#reader.whole(pk) : await this.#reader.beginning(pk, prefix);
    const entries = (items as readonly AliasLogItem[]).map(toAliasLogEntry);
    return { model: name, modelId: id, createdAt, entries: inOrder(entries) };
  }

  async tagsOf(tagged: readonly Tagged[]): Promise<Tags[]> {
    const keys = tagged.flatMap((owner) =>
      keysApart(owner.tags).map((key) =>
        'modelId' in owner ? tagKey(owner.modelId, owner.version, key) : tagKey(owner.id, undefined, key),
      ),
    );
    const items = keys.length === 0 ? [] : await this.#reader.items(keys);
    let next = 0;
    return tagged.map(({ tags }) =>
      Object.fromEntries(
        Object.entries(tags).flatMap(([key, value]) => {
          if (typeof value === 'string') return [[key, value]];
          const item = items[next++] as TagItem | undefined;
          // Deleted, or replaced by a short value, since its owner was read.
          return item === undefined ? [] : [[key, item.value]];
        }),
      ),
    );
  }

  async resolve(name: string, versionOrAlias?: string): Promise<ModelVersion> {
    const wanted = versionOrAlias ?? CHAMPION;
    const byNumber = isVersionNumber(wanted);
    if (!isModelName(name)) throw modelNotFound(name);
    if (!byNumber && !isAlias(wanted)) throw versionNotFound(name, wanted);
    const found = await this.#reader.ofModel(name, (id) =>
      byNumber ? [versionKey(id, wanted), detailsKey(id, wanted)] : [aliasKey(id, wanted)],
    );
    if (found === undefined) throw modelNotFound(name);
    const [item, details] = found.items;
    if (item === undefined) {
      throw versionOrAlias === undefined ? noChampion(name) : versionNotFound(name, wanted);
    }
    return byNumber
      ? servable(name, item as VersionItem, details as DetailsItem | undefined)
      : this.#target(name, found.modelId, item as AliasItem);
  }

  registerVersion(draft: ReadyVersionDraft): Promise<ModelVersion> {
    return registerVersion(this.#session, draft);
  }

  async createModel(draft: ModelDraft): Promise<ModelRecord> {
    return { ...(await createModel(this.#session, draft)), versions: [], aliases: {} };
  }

  async updateModel(change: ModelTarget & { readonly notes: string }): Promise<ModelRecord> {
    await updateModel(this.#session, change);
    return this.model(change.model);
  }

  async renameModel(change: ModelTarget & { readonly newName: string }): Promise<ModelRecord> {
    await renameModel(this.#session, change);
    return this.model(change.newName);
  }

  deleteModel(target: ModelTarget): Promise<void> {
    return deleteModel(this.#session, target);
  }

  createVersion(draft: VersionDraft): Promise<VersionRecord> {
    return createVersion(this.#session, draft);
  }

  updateVersion(change: VersionTarget & { readonly notes: string }): Promise<VersionRecord> {
    return updateVersion(this.#session, change);
  }

  transitionStage(change: StageChange): Promise<VersionRecord> {
    return transitionStage(this.#session, change);
  }

  deleteVersion(target: VersionTarget): Promise<void> {
    return deleteVersion(this.#session, target);
  }

  admitVersion(target: VersionTarget, admitted: Admitted): Promise<VersionRecord> {
    return admitVersion(this.#session, target, admitted);
  }

  failVersion(target: VersionTarget, message: string): Promise<VersionRecord> {
    return failVersion(this.#session, target, message);
  }

  setTag(target: TagTarget, value: string): Promise<void> {
    return setTag(this.#session, target, value);
  }

  deleteTag(target: TagTarget): Promise<void> {
    return deleteTag(this.#session, target);
  }

  setAlias(change: AliasChange): Promise<AliasMove> {
    return setAlias(this.#session, change);
  }

  deleteAlias(target: AliasTarget): Promise<void> {
    return deleteAlias(this.#session, target);
  }

  async #target(name: string, modelId: string, alias: AliasItem): Promise<ModelVersion> {
    const number = String(alias.version);
    const key = versionKey(modelId, number);
    const known = this.#readyVersions.get(`${key.pk} ${key.sk}`);
    // The version is the same under every name that its model had.
    if (known !== undefined) return { ...known, model: name };
    const [item, details] = await this.#reader.items([key, detailsKey(modelId, number)]);
    if (item === undefined) throw versionNotFound(name, number);
    const version = servable(name, item as VersionItem, details as DetailsItem | undefined);
    this.#readyVersions.set(`${key.pk} ${key.sk}`, version);
    return version;
  }
}

function servable(name: string, item: VersionItem, details: DetailsItem | undefined): ModelVersion {
  const { status } = item;
  const number = String(item.version);
  if (status !== 'READY') throw notReady({ model: name, version: number, status });
  const version = toModelVersion(name, item, details);
  if (version === undefined) throw notServable(name, number);
  return version;
}
