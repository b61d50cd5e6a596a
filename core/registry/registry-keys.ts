import type { REGISTRY_KEY, RegistryPartitions } from '../../lib/contracts/registry-layout.ts';

/**
 * The registry in one DynamoDB table. A model keeps one id for life, so that a rename touches only its pointer:
 *
 * | item    | pk          | sk             |
 * |---------|-------------|----------------|
 * | pointer | NAME#credit | P              | model id of a name
 * | model   | M#<id>      | META           | in the index that lists models
 * | version | M#<id>      | V#0000000007   |
 * | alias   | M#<id>      | A#champion     |
 * | details | D#<id>      | V#0000000007   | of a version: what is large and never changes
 * | tag     | D#<id>      | T#<key>, V#0000000007#T#<key> | value of a tag that is too long for the item of its model or version
 * | log     | LOG#<id>    | champion#<time>#<event id> | where an alias pointed and when; only ever added to
 * | event   | OUTBOX#<id> | <time>#<event id>          | what the trail and the event bus are fed from
 *
 * One query of `M#<id>` is the model with all versions and aliases. What is large, the log and the events have
 * partitions of their own, so that it stays that small and that permissions can tell them apart by leading key.
 */
export type ItemKey = Readonly<Record<(typeof REGISTRY_KEY)['partition' | 'sort'], string>>;

// Permissions are granted by what partition keys begin with: the types keep both sides the same.
const NAMES: RegistryPartitions['names'] = 'NAME#';
const MODELS: RegistryPartitions['models'] = 'M#';
const DETAILS: RegistryPartitions['details'] = 'D#';
const ALIAS_LOGS: RegistryPartitions['aliasLogs'] = 'LOG#';
const EVENTS: RegistryPartitions['events'] = 'OUTBOX#';

export const META = 'META';
export const VERSION_PREFIX = 'V#';
export const ALIAS_PREFIX = 'A#';

export function pointerKey(name: string): ItemKey {
  return { pk: `${NAMES}${name}`, sk: 'P' };
}

export function modelPartition(modelId: string): string {
  return `${MODELS}${modelId}`;
}

export function detailsPartition(modelId: string): string {
  return `${DETAILS}${modelId}`;
}

export function aliasLogPartition(modelId: string): string {
  return `${ALIAS_LOGS}${modelId}`;
}

/** What the log entries of one alias begin with. */
export function aliasLogPrefix(alias: string): string {
  return `${alias}#`;
}

export function eventPartition(modelId: string): string {
  return `${EVENTS}${modelId}`;
}

export function modelKey(modelId: string): ItemKey {
  return { pk: modelPartition(modelId), sk: META };
}

/** Ten digits, so that the order of the sort keys is the order of the numbers. */
export function versionKey(modelId: string, version: string): ItemKey {
  return { pk: modelPartition(modelId), sk: versionSort(version) };
}

export function aliasKey(modelId: string, alias: string): ItemKey {
  return { pk: modelPartition(modelId), sk: `${ALIAS_PREFIX}${alias}` };
}

export function detailsKey(modelId: string, version: string): ItemKey {
  return { pk: detailsPartition(modelId), sk: versionSort(version) };
}

/** Of the model's own tag unless a version is given. */
export function tagKey(modelId: string, version: string | undefined, key: string): ItemKey {
  const owner = version === undefined ? '' : `${versionSort(version)}#`;
  return { pk: detailsPartition(modelId), sk: `${owner}T#${key}` };
}

function versionSort(version: string): string {
  return `${VERSION_PREFIX}${version.padStart(10, '0')}`;
}
