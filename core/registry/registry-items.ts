import type { MODELS_INDEX, REGISTRY_KEY, RegistryPartitions } from '../../lib/contracts/registry-layout.ts';
import { InvalidInputError } from '../errors.ts';
import type { ModelDescription } from '../onnx/model-description.ts';
import type { ArtifactFile, ModelVersion, ModelVersionStatus, RegisteredModel } from './model-version.ts';
import type { RegistryEvent } from './registry-events.ts';
import type { AliasMove } from './registry-writer.ts';

/**
 * The registry in one DynamoDB table. A model keeps one id for life, so that a rename touches only its pointer:
 *
 * | item    | pk          | sk             |
 * |---------|-------------|----------------|
 * | pointer | NAME#credit | P              | model id of a name
 * | model   | M#<id>      | META           | in the index that lists models
 * | version | M#<id>      | V#0000000007   |
 * | alias   | M#<id>      | A#champion     |
 * | log     | LOG#<id>    | champion#<time>#<event id> | where an alias pointed and when; only ever added to
 * | event   | OUTBOX#<id> | <time>#<event id>          | what the trail and the event bus are fed from
 *
 * One query of `M#<id>` is the model with all versions and aliases. Log and events have partitions of their own, so
 * that it stays that small and that permissions can tell them apart by leading key.
 */
export type ItemKey = Readonly<Record<(typeof REGISTRY_KEY)['partition' | 'sort'], string>>;

export interface PointerItem extends ItemKey {
  readonly modelId: string;
}

export interface ModelItem
  extends ItemKey,
    Readonly<Record<(typeof MODELS_INDEX)['partition' | 'sort'], string>> {
  /** Number that the next version gets; it only grows, so that no number is given twice. */
  readonly nextVersion: number;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
}

export interface VersionItem extends ItemKey {
  readonly version: number;
  readonly status: ModelVersionStatus;
  readonly digest: string;
  readonly size: number;
  readonly files?: readonly ArtifactFile[];
  readonly description: ModelDescription;
  readonly createdAt: string;
}

export interface AliasItem extends ItemKey {
  readonly version: number;
  readonly updatedAt: string;
}

export interface AliasLogItem extends ItemKey {
  readonly from?: number;
  readonly to: number;
  readonly actor?: string;
}

export interface EventItem extends ItemKey {
  readonly event: RegistryEvent;
}

/** Value of the index's partition key: one partition lists all models. */
export const LISTING = 'ALL';

/** Item size limit of DynamoDB is 400 KiB; a quarter is left for the other attributes and for what may be added. */
const MAX_DESCRIPTION_BYTES = 300 * 1024;

// Permissions are granted by what partition keys begin with: the types keep both sides the same.
const NAMES: RegistryPartitions['names'] = 'NAME#';
const MODELS: RegistryPartitions['models'] = 'M#';
const ALIAS_LOGS: RegistryPartitions['aliasLogs'] = 'LOG#';
const EVENTS: RegistryPartitions['events'] = 'OUTBOX#';

const VERSION_PREFIX = 'V#';
const ALIAS_PREFIX = 'A#';

export function pointerKey(name: string): ItemKey {
  return { pk: `${NAMES}${name}`, sk: 'P' };
}

export function modelPartition(modelId: string): string {
  return `${MODELS}${modelId}`;
}

export function modelKey(modelId: string): ItemKey {
  return { pk: modelPartition(modelId), sk: 'META' };
}

/** Ten digits, so that the order of the sort keys is the order of the numbers. */
export function versionKey(modelId: string, version: string): ItemKey {
  return { pk: modelPartition(modelId), sk: `${VERSION_PREFIX}${version.padStart(10, '0')}` };
}

export function aliasKey(modelId: string, alias: string): ItemKey {
  return { pk: modelPartition(modelId), sk: `${ALIAS_PREFIX}${alias}` };
}

export function pointerItem(name: string, modelId: string): PointerItem {
  return { ...pointerKey(name), modelId };
}

/** The item of a model that gets its first version in the same transaction. */
export function firstModelItem(name: string, modelId: string, createdAt: string): ModelItem {
  return {
    ...modelKey(modelId),
    listing: LISTING,
    name,
    nextVersion: 2,
    createdAt,
    lastUpdatedAt: createdAt,
  };
}

/** @throws InvalidInputError `DESCRIPTION_TOO_LARGE` */
export function versionItem(modelId: string, version: ModelVersion): VersionItem {
  assertDescriptionFits(version.description);
  return {
    ...versionKey(modelId, version.version),
    version: Number(version.version),
    status: version.status,
    digest: version.artifact.digest,
    size: version.artifact.size,
    ...(version.artifact.files && { files: version.artifact.files }),
    description: version.description,
    createdAt: version.createdAt,
  };
}

export function aliasItem(modelId: string, move: AliasMove, updatedAt: string): AliasItem {
  return { ...aliasKey(modelId, move.alias), version: Number(move.to), updatedAt };
}

export function aliasLogItem(modelId: string, move: AliasMove, event: RegistryEvent): AliasLogItem {
  return {
    pk: `${ALIAS_LOGS}${modelId}`,
    sk: `${move.alias}#${event.time}#${event.id}`,
    from: move.from === undefined ? undefined : Number(move.from),
    to: Number(move.to),
    actor: event.data['actor'],
  };
}

export function eventItem(modelId: string, event: RegistryEvent): EventItem {
  return { pk: `${EVENTS}${modelId}`, sk: `${event.time}#${event.id}`, event };
}

export function toModelVersion(name: string, item: VersionItem): ModelVersion {
  return {
    model: name,
    version: String(item.version),
    status: item.status,
    artifact: { digest: item.digest, size: item.size, ...(item.files && { files: item.files }) },
    description: item.description,
    createdAt: item.createdAt,
  };
}

/**
 * Puts a model together from the items of its partition, in the order of their sort keys.
 * @returns undefined when the model item is not among them
 */
export function toRegisteredModel(name: string, items: readonly ItemKey[]): RegisteredModel | undefined {
  const model = items.find((item) => item.sk === 'META') as ModelItem | undefined;
  if (model === undefined) {
    return undefined;
  }
  const versions = items.filter((item) => item.sk.startsWith(VERSION_PREFIX)) as VersionItem[];
  const aliases = items.filter((item) => item.sk.startsWith(ALIAS_PREFIX)) as AliasItem[];
  return {
    name,
    createdAt: model.createdAt,
    versions: versions.map((item) => toModelVersion(name, item)),
    aliases: Object.fromEntries(
      aliases.map((item) => [item.sk.slice(ALIAS_PREFIX.length), String(item.version)]),
    ),
  };
}

/** @throws InvalidInputError `DESCRIPTION_TOO_LARGE` when the description cannot be kept in one item. */
export function assertDescriptionFits(description: ModelDescription): void {
  const bytes = Buffer.byteLength(JSON.stringify(description));
  if (bytes > MAX_DESCRIPTION_BYTES) {
    throw new InvalidInputError(
      'DESCRIPTION_TOO_LARGE',
      `The model describes ${description.inputs.length} inputs and ${description.outputs.length} outputs in ` +
        `${bytes} bytes, at most ${MAX_DESCRIPTION_BYTES} can be registered; join its inputs into fewer tensors.`,
    );
  }
}
