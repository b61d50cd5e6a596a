import { randomUUID } from 'node:crypto';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { InvalidInputError } from '../core/errors.ts';
import type { ModelVersion, RegisteredModel } from '../core/registry/model-version.ts';
import {
  assertAlias,
  assertModelName,
  assertVersionNumber,
  CHAMPION,
  isAlias,
  isModelName,
  isVersionNumber,
} from '../core/registry/names.ts';
import { RecentlyUsed } from '../core/registry/recently-used.ts';
import { modelNotFound, noChampion, notReady, versionNotFound } from '../core/registry/registry-errors.ts';
import {
  type AliasItem,
  aliasKey,
  type ModelItem,
  modelKey,
  toModelVersion,
  toRegisteredModel,
  type VersionItem,
  versionKey,
} from '../core/registry/registry-items.ts';
import type { RegistryReader } from '../core/registry/registry-reader.ts';
import type {
  AliasChange,
  AliasMove,
  RegistryWriter,
  VersionDraft,
} from '../core/registry/registry-writer.ts';
import { type WritePlan, writeOptimistically } from './optimistic-write.ts';
import { RegistryItemsReader } from './registry-items-reader.ts';
import { aliasWrites, versionIsReady, versionWrites, type WriteContext } from './registry-transactions.ts';

export interface RegistryTableOptions {
  readonly now?: () => Date;
  /** Unique ids, of models and events. */
  readonly newId?: () => string;
  /** In [0, 1): spreads writers that collided. */
  readonly random?: () => number;
}

/** The registry in a DynamoDB table; layout in core/registry/registry-items.ts. */
export class RegistryTable implements RegistryReader, RegistryWriter {
  readonly #reader: RegistryItemsReader;
  /** READY versions by model id and number: they never change. */
  readonly #readyVersions = new RecentlyUsed<string, VersionItem>(1000);
  readonly #now: () => Date;
  readonly #newId: () => string;
  readonly #random: () => number;

  constructor(
    private readonly client: DynamoDBDocumentClient,
    private readonly table: string,
    options: RegistryTableOptions = {},
  ) {
    this.#reader = new RegistryItemsReader(client, table);
    this.#now = options.now ?? (() => new Date());
    this.#newId = options.newId ?? randomUUID;
    this.#random = options.random ?? Math.random;
  }

  ping(): Promise<void> {
    return this.#reader.ping();
  }

  modelNames(): Promise<string[]> {
    return this.#reader.modelNames();
  }

  async model(name: string): Promise<RegisteredModel> {
    const items = isModelName(name) ? await this.#reader.partition(name) : undefined;
    const model = items && toRegisteredModel(name, items);
    if (model === undefined) {
      throw modelNotFound(name);
    }
    return model;
  }

  async resolve(name: string, versionOrAlias?: string): Promise<ModelVersion> {
    const wanted = versionOrAlias ?? CHAMPION;
    const byNumber = isVersionNumber(wanted);
    if (!isModelName(name)) {
      throw modelNotFound(name);
    }
    if (!byNumber && !isAlias(wanted)) {
      throw versionNotFound(name, wanted);
    }
    const found = await this.#reader.ofModel(name, (id) => [
      byNumber ? versionKey(id, wanted) : aliasKey(id, wanted),
    ]);
    if (found === undefined) {
      throw modelNotFound(name);
    }
    const [item] = found.items;
    if (item === undefined) {
      throw versionOrAlias === undefined ? noChampion(name) : versionNotFound(name, wanted);
    }
    const versionItem = byNumber
      ? (item as VersionItem)
      : await this.#target(name, found.modelId, item as AliasItem);
    const version = toModelVersion(name, versionItem);
    if (version.status !== 'READY') {
      throw notReady(version);
    }
    return version;
  }

  async createVersion(draft: VersionDraft): Promise<ModelVersion> {
    const { model, alias } = draft;
    assertModelName(model);
    if (alias !== undefined) {
      assertAlias(alias);
    }
    return this.#write(async () => {
      const found = await this.#reader.ofModel(model, (id) => [
        modelKey(id),
        ...(alias === undefined ? [] : [aliasKey(id, alias)]),
      ]);
      const context = this.#context(found?.modelId ?? this.#newId(), draft.actor);
      const [modelItem, aliasItem] = found?.items ?? [];
      const version: ModelVersion = {
        model,
        version: String((modelItem as ModelItem | undefined)?.nextVersion ?? 1),
        status: 'READY',
        artifact: draft.artifact,
        description: draft.description,
        createdAt: context.time,
      };
      const writes = versionWrites(context, version, found === undefined);
      if (alias !== undefined) {
        const move = { model, alias, from: pointsAt(aliasItem), to: version.version };
        writes.push(...aliasWrites(context, move));
      }
      return { writes, result: version };
    });
  }

  async setAlias({ model, alias, version, actor }: AliasChange): Promise<AliasMove> {
    assertAlias(alias);
    assertVersionNumber(version);
    return this.#write(async () => {
      const found = isModelName(model)
        ? await this.#reader.ofModel(model, (id) => [aliasKey(id, alias), versionKey(id, version)])
        : undefined;
      if (found === undefined) {
        throw modelNotFound(model);
      }
      const [aliasItem, target] = found.items;
      if (target === undefined) {
        throw versionNotFound(model, version);
      }
      if ((target as VersionItem).status !== 'READY') {
        throw new InvalidInputError(
          'VERSION_NOT_READY',
          `Version ${version} of the model ${JSON.stringify(model)} is ${(target as VersionItem).status}; ` +
            `the alias "${alias}" can point at a READY version only.`,
          { statusCode: 409 },
        );
      }
      const move: AliasMove = { model, alias, from: pointsAt(aliasItem), to: version };
      const context = this.#context(found.modelId, actor);
      const writes =
        move.from === move.to ? [] : [versionIsReady(context, version), ...aliasWrites(context, move)];
      return { writes, result: move };
    });
  }

  async #target(name: string, modelId: string, alias: AliasItem): Promise<VersionItem> {
    const key = versionKey(modelId, String(alias.version));
    const known = this.#readyVersions.get(`${key.pk} ${key.sk}`);
    if (known !== undefined) {
      return known;
    }
    const found = await this.#reader.ofModel(name, () => [key]);
    const item = found?.items[0] as VersionItem | undefined;
    if (item === undefined) {
      throw versionNotFound(name, String(alias.version));
    }
    if (item.status === 'READY') {
      this.#readyVersions.set(`${key.pk} ${key.sk}`, item);
    }
    return item;
  }

  #write<T>(plan: () => Promise<WritePlan<T>>): Promise<T> {
    return writeOptimistically(this.client, plan, this.#random);
  }

  #context(modelId: string, actor: string | undefined): WriteContext {
    return { table: this.table, modelId, time: this.#now().toISOString(), newId: this.#newId, actor };
  }
}

function pointsAt(alias: unknown): string | undefined {
  return alias === undefined ? undefined : String((alias as AliasItem).version);
}
