import type { ItemKey } from '../core/registry/registry-keys.ts';
import { ENTRY_PREFIXES, type EntryKind, entryKey, pointKey } from '../core/registry/tracking-keys.ts';
import { isLater, type Link, type Logged, type Metric } from '../core/registry/tracking-records.ts';
import { paramChanged } from '../core/registry/tracking-rules.ts';
import type { NewEntries, Tracked } from '../core/registry/tracking-store.ts';
import type { Write } from './optimistic-write.ts';

interface TextItem extends ItemKey {
  readonly value: string;
}

/** The value as text: DynamoDB has no numbers that are infinite or none. */
export interface PointItem extends ItemKey {
  readonly key: string;
  readonly value: string;
  readonly timestamp: number;
  readonly step: number;
}

interface LatestItem extends PointItem {
  readonly revision: number;
}

interface LinkItem extends ItemKey {
  readonly document: Link['document'];
}

/** What writing entries takes of the table. */
export interface EntriesTable {
  read(keys: readonly ItemKey[]): Promise<(ItemKey | undefined)[]>;
  write(plan: () => Promise<readonly Write[]>): Promise<void>;
  put(item: object): Write;
  create(item: object): Write;
  replace(item: object, revision: number): Write;
}

/** Writes of one transaction. Source: DynamoDB API, TransactWriteItems. */
const AT_ONCE = 100;

/** @throws InvalidInputError `PARAM_CHANGED`; then the other entries may have been written */
export async function logEntries(
  table: EntriesTable,
  tracked: Tracked,
  { tags = {}, params = {}, metrics = [], links = [] }: NewEntries,
): Promise<void> {
  await logParams(table, tracked, Object.entries(params));
  const puts = [
    ...Object.entries(tags).map(([key, value]) => ({ ...entryKey(tracked, 'tag', key), value })),
    ...links.map(({ kind, id, document }) => ({ ...entryKey(tracked, kind, id), document })),
    ...(tracked.kind === 'run' ? points(tracked, metrics) : []),
  ];
  for (const chunk of chunks(puts)) await table.write(async () => chunk.map((item) => table.put(item)));
  await logLatest(table, tracked, metrics);
}

async function logParams(
  table: EntriesTable,
  tracked: Tracked,
  params: readonly (readonly [string, string])[],
): Promise<void> {
  for (const chunk of chunks(params)) {
    await table.write(async () => {
      const keys = chunk.map(([key]) => entryKey(tracked, 'param', key));
      const known = (await table.read(keys)) as (TextItem | undefined)[];
      return chunk.flatMap(([key, value], i) => {
        const was = known[i]?.value;
        if (was !== undefined && was !== value) throw paramChanged(key, was, value);
        return was === undefined ? [table.create({ ...entryKey(tracked, 'param', key), value })] : [];
      });
    });
  }
}

/** The last point of each metric stands beside the record, where it is read with it. */
async function logLatest(table: EntriesTable, tracked: Tracked, metrics: readonly Metric[]): Promise<void> {
  const latest = new Map<string, Metric>();
  for (const metric of metrics) {
    const other = latest.get(metric.key);
    if (other === undefined || isLater(metric, other)) latest.set(metric.key, metric);
  }
  for (const chunk of chunks([...latest.values()])) {
    await table.write(async () => {
      const keys = chunk.map(({ key }) => entryKey(tracked, 'metric', key));
      const known = (await table.read(keys)) as (LatestItem | undefined)[];
      return chunk.flatMap((metric, i) => {
        const was = known[i];
        const item = { ...entryKey(tracked, 'metric', metric.key), ...attributesOf(metric) };
        if (was === undefined) return [table.create({ ...item, revision: 1 })];
        if (!isLater(metric, toMetric(was))) return [];
        return [table.replace({ ...item, revision: was.revision + 1 }, was.revision)];
      });
    });
  }
}

/** Without those that are the same: two writes of one item are no transaction. */
function points(tracked: Tracked, metrics: readonly Metric[]): object[] {
  const items = metrics.map((metric) => ({ ...pointKey(tracked, metric), ...attributesOf(metric) }));
  return [...new Map(items.map((item) => [item.sk, item])).values()];
}

function attributesOf({ key, value, timestamp, step }: Metric): Omit<PointItem, keyof ItemKey> {
  return { key, value: String(value), timestamp, step };
}

export function toMetric({ key, value, timestamp, step }: PointItem): Metric {
  return { key, value: Number(value), timestamp, step };
}

/** Puts together what the items of a partition say, without the record itself. */
export function toLogged(items: readonly ItemKey[]): Logged {
  const of = <T extends ItemKey>(kind: EntryKind) =>
    items.filter(({ sk }) => sk.startsWith(ENTRY_PREFIXES[kind])) as T[];
  const idOf = ({ sk }: ItemKey) => sk.slice(sk.indexOf('#') + 1);
  const texts = (kind: EntryKind) =>
    Object.fromEntries(of<TextItem>(kind).map((item) => [idOf(item), item.value]));
  const kinds = ['dataset', 'model-input', 'model-output'] as const;
  return {
    tags: texts('tag'),
    params: texts('param'),
    metrics: of<PointItem>('metric').map(toMetric),
    links: kinds.flatMap((kind) =>
      of<LinkItem>(kind).map((item) => ({ kind, id: idOf(item), document: item.document })),
    ),
  };
}

function* chunks<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < all.length; start += AT_ONCE) yield all.slice(start, start + AT_ONCE);
}
