import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { InvalidInputError } from '../core/errors.ts';
import { assertModelName } from '../core/registry/names.ts';
import { assertNotes } from '../core/registry/notes.ts';
import { modelExists } from '../core/registry/registry-errors.ts';
import { modelItem, pointerItem, tagItem } from '../core/registry/registry-items.ts';
import { type ItemKey, pointerKey } from '../core/registry/registry-keys.ts';
import type { ModelOutline } from '../core/registry/registry-records.ts';
import type { ModelDraft, ModelTarget } from '../core/registry/registry-writer.ts';
import { keysApart, type TagMap, type Tags, withTags } from '../core/registry/tags.ts';
import type { Write } from './optimistic-write.ts';
import type { RegistrySession } from './registry-session.ts';
import { changeModel, create, emit, put, remove, type WriteContext } from './registry-transactions.ts';

/** A transaction has 100 writes at most. Source: DynamoDB API, TransactWriteItems. */
const MOST_TAGS_APART = 90;

/** Most items of one BatchWriteItem. Source: DynamoDB API. */
const MOST_DELETIONS = 25;

export async function createModel(
  session: RegistrySession,
  { name, notes, tags = {}, actor }: ModelDraft,
): Promise<ModelOutline> {
  assertModelName(name);
  assertNotes(notes);
  const map = withTags({}, tags);
  return session.write(async () => {
    if ((await session.find(name)) !== undefined) throw modelExists(name);
    const context = session.context(session.newId(), actor);
    const { modelId: id, time } = context;
    const outline = { id, name, notes, tags: map, createdAt: time, lastUpdatedAt: time };
    const writes = [
      create(context, pointerItem(name, id)),
      create(context, modelItem(outline)),
      ...tagWrites(context, undefined, map, tags),
      emit(context, 'model-created', { model: name }),
    ];
    return { writes, result: outline };
  });
}

export async function updateModel(
  session: RegistrySession,
  change: ModelTarget & { readonly notes: string },
): Promise<void> {
  assertNotes(change.notes);
  await session.write(async () => {
    const { context, model } = await session.model(change);
    const writes = [
      changeModel(context, model, { notes: change.notes, lastUpdatedAt: context.time }),
      emit(context, 'model-updated', { model: model.name }),
    ];
    return { writes, result: undefined };
  });
}

/** Moves the pointer. To the name that the model has already it is a change like any other. */
export async function renameModel(
  session: RegistrySession,
  change: ModelTarget & { readonly newName: string },
): Promise<void> {
  const { model: name, newName } = change;
  assertModelName(newName);
  await session.write(async () => {
    const { context, model } = await session.model(change);
    const moves = newName === name ? [] : await pointerMove(session, context, name, newName);
    const writes = [
      ...moves,
      changeModel(context, model, { name: newName, lastUpdatedAt: context.time }),
      emit(context, 'model-renamed', { model: newName, from: name }),
    ];
    return { writes, result: undefined };
  });
}

async function pointerMove(
  session: RegistrySession,
  context: WriteContext,
  name: string,
  newName: string,
): Promise<Write[]> {
  const [taken] = await session.reader.items([pointerKey(newName)]);
  if (taken !== undefined) throw modelExists(newName);
  return [dropPointer(context, name), create(context, pointerItem(newName, context.modelId))];
}

/** Gives a name free; holds while it is the model's. */
function dropPointer({ table, modelId }: WriteContext, name: string): Write {
  return {
    Delete: {
      TableName: table,
      Key: { ...pointerKey(name) },
      ConditionExpression: '#modelId = :modelId',
      ExpressionAttributeNames: { '#modelId': 'modelId' },
      ExpressionAttributeValues: { ':modelId': modelId },
    },
  };
}

/** Without pointer and item there is no model: whatever else is left of it cannot be reached, and goes next. */
export async function deleteModel(session: RegistrySession, target: ModelTarget): Promise<void> {
  const modelId = await session.write(async () => {
    const { context, model } = await session.model(target);
    const writes = [
      dropPointer(context, model.name),
      remove(context, model),
      emit(context, 'model-deleted', { model: model.name }),
    ];
    return { writes, result: context.modelId };
  });
  await sweep(session, await session.reader.remains(modelId));
}

/** Deletes items that nothing leads to any more. What is left when that fails costs its storage, and nothing else. */
export async function sweep({ client, table }: RegistrySession, keys: readonly ItemKey[]): Promise<void> {
  for (let start = 0; start < keys.length; start += MOST_DELETIONS) {
    const requests = keys
      .slice(start, start + MOST_DELETIONS)
      .map(({ pk, sk }) => ({ DeleteRequest: { Key: { pk, sk } } }));
    await client.send(new BatchWriteCommand({ RequestItems: { [table]: requests } })).catch(() => undefined);
  }
}

/**
 * The values that do not fit into the item of their model or version.
 * @throws InvalidInputError `TOO_MANY_TAGS` when they do not fit into one transaction
 */
export function tagWrites(
  context: WriteContext,
  version: string | undefined,
  map: TagMap,
  tags: Tags,
): Write[] {
  const keys = keysApart(map);
  if (keys.length > MOST_TAGS_APART) {
    throw new InvalidInputError(
      'TOO_MANY_TAGS',
      `Of ${keys.length} long tags at most ${MOST_TAGS_APART} can be set at once; set the others one by one.`,
    );
  }
  return keys.map((key) => put(context, tagItem(context.modelId, version, key, tags[key] ?? '')));
}
