import type { Why } from '../core/registry/alias-history.ts';
import {
  type EventContext,
  type RegistryEvent,
  type RegistryEventName,
  registryEvent,
} from '../core/registry/registry-events.ts';
import {
  type AliasItem,
  aliasItem,
  aliasLogItem,
  eventItem,
  type ModelItem,
  type RevisedItem,
  type VersionItem,
} from '../core/registry/registry-items.ts';
import { ALIAS_PREFIX, aliasKey, type ItemKey } from '../core/registry/registry-keys.ts';
import type { AliasMove } from '../core/registry/registry-writer.ts';
import type { Write } from './optimistic-write.ts';

/** What is the same for every write of a transaction. */
export interface WriteContext {
  readonly table: string;
  readonly modelId: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly newId: () => string;
  readonly actor?: string;
  /** Of a change of aliases. */
  readonly why?: Why;
}

/** Puts an item where there is none. */
export function create({ table }: WriteContext, item: object): Write {
  return {
    Put: { TableName: table, Item: { ...item }, ConditionExpression: 'attribute_not_exists(pk)' },
  };
}

/** What of an item may change after it was made. */
type Changes<T extends ModelItem | VersionItem> = Partial<
  T extends ModelItem
    ? Pick<ModelItem, 'listing' | 'name' | 'nextVersion' | 'notes' | 'tags' | 'lastUpdatedAt'>
    : Pick<
        VersionItem,
        'status' | 'statusMessage' | 'stage' | 'notes' | 'tags' | 'digest' | 'size' | 'lastUpdatedAt'
      >
>;

export function changeModel(context: WriteContext, item: ModelItem, changes: Changes<ModelItem>): Write {
  return change(context, item, changes);
}

export function changeVersion(
  context: WriteContext,
  item: VersionItem,
  changes: Changes<VersionItem>,
): Write {
  return change(context, item, changes);
}

/**
 * Sets attributes of an item; holds when the item is as it was read. An undefined attribute stays as it is. Every change
 * counts the revision up, so that two changes of what was read once never both hold.
 */
function change({ table }: WriteContext, item: RevisedItem, changes: object): Write {
  const entries = Object.entries({ ...changes, revision: item.revision + 1 }).filter(
    ([, value]) => value !== undefined,
  );
  return {
    Update: {
      TableName: table,
      Key: { pk: item.pk, sk: item.sk },
      ConditionExpression: '#revision = :read',
      UpdateExpression: `SET ${entries.map(([name]) => `#${name} = :${name}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(entries.map(([name]) => [`#${name}`, name])),
      ExpressionAttributeValues: {
        ...Object.fromEntries(entries.map(([name, value]) => [`:${name}`, value])),
        ':read': item.revision,
      },
    },
  };
}

/** Deletes an item; holds when it is as it was read. */
export function remove({ table }: WriteContext, item: RevisedItem): Write {
  return {
    Delete: {
      TableName: table,
      Key: { pk: item.pk, sk: item.sk },
      ConditionExpression: '#revision = :read',
      ExpressionAttributeNames: { '#revision': 'revision' },
      ExpressionAttributeValues: { ':read': item.revision },
    },
  };
}

/** Puts an item that holds what another one, which is changed in the same transaction, says of it. */
export function put({ table }: WriteContext, item: object): Write {
  return { Put: { TableName: table, Item: { ...item } } };
}

/** Deletes an item of that kind. */
export function erase({ table }: WriteContext, { pk, sk }: ItemKey): Write {
  return { Delete: { TableName: table, Key: { pk, sk } } };
}

/** The event of a change, for the outbox. */
export function emit(
  context: WriteContext,
  name: RegistryEventName,
  data: { readonly model: string } & Readonly<Record<string, string | undefined>>,
): Write {
  return create(context, eventItem(context.modelId, event(context, name, data)));
}

function event(context: WriteContext, name: RegistryEventName, data: Parameters<typeof registryEvent>[2]) {
  return registryEvent(name, eventContext(context), data);
}

function eventContext({ newId, time, actor }: WriteContext): EventContext {
  return { id: newId(), time, actor };
}

/**
 * Moves an alias; holds when it still points where it did. Its log entry and event are part of the move.
 * @param changedAt when the alias was last changed
 */
export function aliasWrites(context: WriteContext, move: AliasMove, changedAt: string | undefined): Write[] {
  const later = notBefore(context, changedAt);
  const { table, modelId, time } = later;
  const unmoved =
    move.from === undefined ? { ConditionExpression: 'attribute_not_exists(pk)' } : pointsAt(move.from);
  const moved = event(later, 'alias-moved', { ...move });
  return [
    { Put: { TableName: table, Item: { ...aliasItem(modelId, move, time) }, ...unmoved } },
    ...loggedWrites(later, move, moved),
  ];
}

/** Deletes an alias; holds when it still points where it did. */
export function aliasRemovalWrites(context: WriteContext, model: string, item: AliasItem): Write[] {
  const { table, modelId } = context;
  const removal = { model, alias: item.sk.slice(ALIAS_PREFIX.length), from: String(item.version) };
  const removed = event(notBefore(context, item.updatedAt), 'alias-deleted', removal);
  return [
    { Delete: { TableName: table, Key: { ...aliasKey(modelId, removal.alias) }, ...pointsAt(removal.from) } },
    ...loggedWrites(context, removal, removed),
  ];
}

function loggedWrites(
  context: WriteContext,
  change: Parameters<typeof aliasLogItem>[1],
  happened: RegistryEvent,
): Write[] {
  return [
    create(context, aliasLogItem(context.modelId, change, happened, context.why)),
    create(context, eventItem(context.modelId, happened)),
  ];
}

/** The log of an alias never goes back in time, whatever the clocks of those who write it say. */
function notBefore(context: WriteContext, time: string | undefined): WriteContext {
  return time !== undefined && time > context.time ? { ...context, time } : context;
}

function pointsAt(version: string) {
  return {
    ConditionExpression: '#version = :from',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':from': Number(version) },
  };
}
