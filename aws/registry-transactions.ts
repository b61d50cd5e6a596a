import type { ModelVersion } from '../core/registry/model-version.ts';
import { aliasMoved, versionRegistered } from '../core/registry/registry-events.ts';
import {
  aliasItem,
  aliasLogItem,
  eventItem,
  firstModelItem,
  modelKey,
  pointerItem,
  versionItem,
  versionKey,
} from '../core/registry/registry-items.ts';
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
}

/**
 * Adds a version; holds when the model still expects exactly this number (or, for the first, has no item yet). Two
 * registrations at once cannot both hold, so that numbers are consecutive and none is lost.
 */
export function versionWrites(context: WriteContext, version: ModelVersion, isNewModel: boolean): Write[] {
  const { table, modelId, time } = context;
  const number = Number(version.version);
  const model: Write[] = isNewModel
    ? [
        create(table, pointerItem(version.model, modelId)),
        create(table, firstModelItem(version.model, modelId, time)),
      ]
    : [
        {
          Update: {
            TableName: table,
            Key: modelKey(modelId),
            ConditionExpression: 'nextVersion = :number',
            UpdateExpression: 'SET nextVersion = :next, lastUpdatedAt = :time',
            ExpressionAttributeValues: { ':number': number, ':next': number + 1, ':time': time },
          },
        },
      ];
  const event = versionRegistered(
    { id: context.newId(), time, actor: context.actor },
    { model: version.model, version: version.version, digest: version.artifact.digest },
  );
  return [...model, create(table, versionItem(modelId, version)), create(table, eventItem(modelId, event))];
}

/** Moves an alias; holds when it still points where it did. Its log entry and event are part of the move. */
export function aliasWrites(context: WriteContext, move: AliasMove): Write[] {
  const { table, modelId, time } = context;
  const unmoved =
    move.from === undefined
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : {
          ConditionExpression: 'version = :from',
          ExpressionAttributeValues: { ':from': Number(move.from) },
        };
  const event = aliasMoved({ id: context.newId(), time, actor: context.actor }, move);
  return [
    { Put: { TableName: table, Item: aliasItem(modelId, move, time), ...unmoved } },
    create(table, aliasLogItem(modelId, move, event)),
    create(table, eventItem(modelId, event)),
  ];
}

/** Holds while the version is there and READY. */
export function versionIsReady({ table, modelId }: WriteContext, version: string): Write {
  return {
    ConditionCheck: {
      TableName: table,
      Key: versionKey(modelId, version),
      ConditionExpression: '#status = :ready',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':ready': 'READY' },
    },
  };
}

function create(table: string, item: object): Write {
  return {
    Put: {
      TableName: table,
      Item: { ...item },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  };
}
