import type { RegistryPartitions } from '../../lib/contracts/registry-layout.ts';
import type { ItemKey } from './registry-keys.ts';
import type { Metric } from './tracking-records.ts';
import type { Tracked } from './tracking-store.ts';

/**
 * What MLflow's clients track, in the registry's table:
 *
 * | item       | pk                | sk                     |
 * |------------|-------------------|------------------------|
 * | name       | TRACK#EXPERIMENTS | <name of an experiment> | its id
 * | member     | TRACK#E#<id>      | R#<time>#<run id>, L#<time>#<logged model id> | what belongs to an experiment
 * | record     | TRACK#X#<id>, TRACK#R#<run id>, TRACK#L#<logged model id> | META
 * | entry      | the same          | T#<tag>, P#<param>, M#<metric>, D#<dataset>, I#<logged model id>, O#<logged model id>
 * | point      | TRACK#H#<run id>  | <metric>#<step>#<time>#<value>
 *
 * Each entry is an item of its own: none is large, and two writers of two entries are in nobody's way. One query of a
 * partition is everything about a run but the past of its metrics.
 */
const TRACKING: RegistryPartitions['tracking'] = 'TRACK#';

export const RECORD = 'META';

const KINDS: Readonly<Record<Tracked['kind'], string>> = { experiment: 'X', run: 'R', loggedModel: 'L' };

export const ENTRY_PREFIXES = {
  tag: 'T#',
  param: 'P#',
  metric: 'M#',
  dataset: 'D#',
  'model-input': 'I#',
  'model-output': 'O#',
} as const;

export type EntryKind = keyof typeof ENTRY_PREFIXES;

export const EXPERIMENTS_PARTITION = `${TRACKING}EXPERIMENTS`;

export function experimentNameKey(name: string): ItemKey {
  return { pk: EXPERIMENTS_PARTITION, sk: name };
}

export function membersPartition(experimentId: string): string {
  return `${TRACKING}E#${experimentId}`;
}

/** What the sort keys of an experiment's runs, or of its logged models, begin with. */
export function memberPrefix(kind: 'run' | 'loggedModel'): string {
  return `${KINDS[kind]}#`;
}

export function memberKey(experimentId: string, { kind, id }: Tracked, time: number): ItemKey {
  return { pk: membersPartition(experimentId), sk: `${KINDS[kind]}#${sortable(time)}#${id}` };
}

/** The record that a member's key names. */
export function memberId({ sk }: ItemKey): string {
  return sk.slice(sk.lastIndexOf('#') + 1);
}

export function trackedPartition({ kind, id }: Tracked): string {
  return `${TRACKING}${KINDS[kind]}#${id}`;
}

export function recordKey(tracked: Tracked): ItemKey {
  return { pk: trackedPartition(tracked), sk: RECORD };
}

export function entryKey(tracked: Tracked, kind: EntryKind, id: string): ItemKey {
  return { pk: trackedPartition(tracked), sk: `${ENTRY_PREFIXES[kind]}${id}` };
}

export function historyPartition({ id }: Tracked): string {
  return `${TRACKING}H#${id}`;
}

export function pointKey(tracked: Tracked, { key, step, timestamp, value }: Metric): ItemKey {
  return {
    pk: historyPartition(tracked),
    sk: `${key}#${sortable(step)}#${sortable(timestamp)}#${value}`,
  };
}

/** Seventeen digits, so that the order of texts is the order of numbers, negative ones included. */
function sortable(value: number): string {
  return String(BigInt(Math.trunc(value)) + BigInt(Number.MAX_SAFE_INTEGER)).padStart(17, '0');
}
