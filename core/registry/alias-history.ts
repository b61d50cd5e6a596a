/** What a change is based on, beside words: what a gate measured, for example. JSON. */
export type Evidence = Readonly<Record<string, unknown>>;

/** Why an alias is changed, for its log. */
export interface Why {
  /** In words. */
  readonly reason?: string;
  readonly evidence?: Evidence;
}

/** One entry of the alias log: an alias that was moved, made or deleted. Entries are only ever added. */
export interface AliasLogEntry extends Why {
  /** Id of the event of the same change. */
  readonly id: string;
  readonly alias: string;
  /** ISO 8601, UTC. Of two changes of an alias the later one never has the earlier time; they may have the same. */
  readonly time: string;
  /** Where the alias pointed before; absent when there was none. */
  readonly from?: string;
  /** Where it points since; absent when it was deleted. */
  readonly to?: string;
  readonly actor?: string;
}

/** The log of a model that has the name now. What another model of the same name did before it is not in it. */
export interface AliasLog {
  readonly model: string;
  readonly modelId: string;
  /** When the model was made; before that it had no aliases. */
  readonly createdAt: string;
  /** As in `inOrder`. */
  readonly entries: readonly AliasLogEntry[];
}

/** Reads what became of aliases. */
export interface AliasLogReader {
  /**
   * @param alias only this one
   * @throws NotFoundError `MODEL_NOT_FOUND`
   * @throws UnavailableError `REGISTRY_UNAVAILABLE`
   */
  aliasLog(model: string, alias?: string): Promise<AliasLog>;
}

/** Where an alias pointed at some time, and the change that made it so. */
export interface AliasState extends Why {
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly actor?: string;
}

/** What became of an alias between two times. */
export interface AliasDifference {
  readonly alias: string;
  /** Absent when there was no such alias. */
  readonly before?: AliasState;
  readonly after?: AliasState;
  /** Changes in between; more than one when it went elsewhere in the meantime. */
  readonly changes: number;
}

/**
 * The order in which things happened. Changes of one alias at the same time are told apart by where they begin: each
 * begins where the one before it ended.
 */
export function inOrder(entries: readonly AliasLogEntry[]): AliasLogEntry[] {
  const byAlias = Map.groupBy(entries, ({ alias }) => alias);
  return [...byAlias.values()].flatMap(chained).sort(byTime);
}

/** All aliases as they were at a time, with what was changed at that very time. */
export function aliasesAt(
  entries: readonly AliasLogEntry[],
  time: string,
): Readonly<Record<string, AliasState>> {
  const aliases = new Map<string, AliasState>();
  for (const entry of inOrder(entries.filter((each) => each.time <= time))) {
    const { alias, to, actor, reason, evidence } = entry;
    if (to === undefined) aliases.delete(alias);
    else aliases.set(alias, { version: to, since: entry.time, actor, reason, evidence });
  }
  return Object.fromEntries(aliases);
}

/** Aliases that were changed after one time and up to another, by name; those too that were changed back. */
export function aliasDifferences(
  entries: readonly AliasLogEntry[],
  from: string,
  to: string,
): AliasDifference[] {
  const [before, after] = [aliasesAt(entries, from), aliasesAt(entries, to)];
  const between = entries.filter(({ time }) => time > from && time <= to);
  return [...Map.groupBy(between, ({ alias }) => alias)]
    .map(([alias, { length }]) => ({
      alias,
      before: own(before, alias),
      after: own(after, alias),
      changes: length,
    }))
    .sort((a, b) => (a.alias < b.alias ? -1 : 1));
}

/** Evidence of a change that takes others back, so that the next one goes further back instead of forward again. */
export const ROLLBACK: Evidence = { rollback: true };

/**
 * Where to roll an alias back to: where it pointed before it came to where it is. What was rolled back already does not
 * count: a second rollback goes one further back.
 * @returns undefined when it never pointed elsewhere
 */
export function versionBefore(entries: readonly AliasLogEntry[], alias: string): string | undefined {
  const past: (string | undefined)[] = [];
  for (const { to, evidence } of inOrder(entries.filter((entry) => entry.alias === alias))) {
    const back = evidence?.['rollback'] === true ? past.lastIndexOf(to) : -1;
    if (back < 0) past.push(to);
    else past.length = back + 1;
  }
  return past.findLast((version) => version !== undefined && version !== past.at(-1));
}

export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function byTime(a: AliasLogEntry, b: AliasLogEntry): number {
  if (a.time === b.time) return 0;
  return a.time < b.time ? -1 : 1;
}

/** The changes of one alias. */
function chained(entries: readonly AliasLogEntry[]): AliasLogEntry[] {
  const groups = Map.groupBy(entries.toSorted(byTime), ({ time }) => time);
  let version: string | undefined;
  return [...groups.values()].flatMap((group) => {
    const trail = group.length === 1 ? group : trailFrom(version, group);
    version = trail.at(-1)?.to;
    return trail;
  });
}

/**
 * A trail that uses every change once, versions being the places (Hierholzer's algorithm). Where there are several, they
 * all end at the same place.
 */
function trailFrom(start: string | undefined, entries: readonly AliasLogEntry[]): AliasLogEntry[] {
  const leaving = Map.groupBy(
    entries.toSorted((a, b) => (a.id < b.id ? 1 : -1)),
    ({ from }) => from,
  );
  const trail: AliasLogEntry[] = [];
  const path: AliasLogEntry[] = [];
  for (;;) {
    const last = path.at(-1);
    const next = leaving.get(last ? last.to : start)?.pop();
    if (next !== undefined) path.push(next);
    else if (last === undefined) break;
    else trail.push(path.pop() as AliasLogEntry);
  }
  // A log that was written by other means may hold changes that no trail reaches: they are shown first.
  const unreached = [...leaving.values()].flat();
  return [...unreached, ...trail.reverse()];
}
