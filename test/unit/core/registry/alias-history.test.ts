import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AliasLogEntry,
  aliasDifferences,
  aliasesAt,
  inOrder,
  ROLLBACK,
  versionBefore,
} from '../../../../core/registry/alias-history.ts';

const at = (second: number) => new Date(Date.UTC(2026, 2, 3, 12, 0, second)).toISOString();

/** `from -> to` of an alias at a second; ids are in the order of writing unless told otherwise. */
let written = 0;
const moved = (alias: string, second: number, from?: string, to?: string, id?: string): AliasLogEntry => ({
  id: id ?? `event-${String(++written).padStart(4, '0')}`,
  alias,
  time: at(second),
  from,
  to,
});

const log = [
  moved('champion', 1, undefined, '1'),
  moved('challenger', 2, undefined, '2'),
  moved('champion', 3, '1', '2'),
  moved('challenger', 3, '2', undefined),
  moved('champion', 5, '2', '1'),
];

const versionsAt = (entries: readonly AliasLogEntry[], time: string) =>
  Object.fromEntries(
    Object.entries(aliasesAt(entries, time)).map(([alias, { version }]) => [alias, version]),
  );

describe('the aliases at a time', () => {
  it.each([
    [0, {}],
    [1, { champion: '1' }],
    [2, { champion: '1', challenger: '2' }],
    [3, { champion: '2' }],
    [4, { champion: '2' }],
    [9, { champion: '1' }],
  ])('after %i seconds', (second, versions) => {
    expect(versionsAt(log, at(second))).toEqual(versions);
  });

  it('tell who made it so, when and why', () => {
    const entry = {
      ...moved('champion', 1, undefined, '7'),
      actor: 'ada',
      reason: 'better',
      evidence: { f1: 0.9 },
    };
    expect(aliasesAt([entry], at(2))).toEqual({
      champion: { version: '7', since: at(1), actor: 'ada', reason: 'better', evidence: { f1: 0.9 } },
    });
  });

  it('may be called like what every object has', () => {
    const odd = [moved('__proto__', 1, undefined, '1'), moved('constructor', 1, undefined, '2')];
    expect(Object.entries(aliasesAt(odd, at(1))).map(([alias, { version }]) => [alias, version])).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
    expect(aliasDifferences([moved('a', 1, undefined, '1')], at(0), at(1))[0]?.before).toBeUndefined();
  });
});

describe('changes at the same time', () => {
  it('are in the order in which each begins where another ended, whatever their ids', () => {
    const chain = [
      moved('champion', 1, '1', '2', 'd'),
      moved('champion', 1, '2', undefined, 'c'),
      moved('champion', 1, undefined, '2', 'b'),
      moved('champion', 1, '2', '3', 'a'),
    ];
    const start = moved('champion', 0, undefined, '1');
    expect(inOrder([...chain, start].reverse())).toEqual([start, ...chain]);
  });
});

describe('a log that does not fit together', () => {
  it('loses no entry', () => {
    const broken = [
      moved('champion', 1, '8', '9'),
      moved('champion', 1, '1', '2'),
      moved('champion', 1, '4', '5'),
    ];
    expect(new Set(inOrder(broken))).toEqual(new Set(broken));
  });
});

describe('what is different', () => {
  it('is every alias that was changed, also when it was changed back', () => {
    const differences = aliasDifferences(log, at(2), at(5));
    expect(
      differences.map(({ alias, before, after, changes }) => [
        alias,
        before?.version,
        after?.version,
        changes,
      ]),
    ).toEqual([
      ['challenger', '2', undefined, 1],
      ['champion', '1', '1', 2],
    ]);
  });

  it('is nothing between two times without changes', () => {
    expect(aliasDifferences(log, at(3), at(4))).toEqual([]);
  });
});

describe('where to roll an alias back to', () => {
  /** `3` is a move to version 3, `-` a deletion, `<2` a rollback to version 2. */
  const rolledBack = (changes: string) => {
    const entries = changes.split(' ').map((change, second): AliasLogEntry => {
      const to = change === '-' ? undefined : change.replace('<', '');
      const entry = moved('champion', second, undefined, to);
      return change.startsWith('<') ? { ...entry, evidence: ROLLBACK } : entry;
    });
    return versionBefore(entries, 'champion');
  };

  it.each([
    ['1', undefined],
    ['1 2', '1'],
    ['1 2 1', '2'],
    ['1 2 3', '2'],
    ['1 2 -', '2'],
    ['2 - 2', undefined],
    ['1 2 - 2', '1'],
  ])('after %s it is %s', (changes, version) => {
    expect(rolledBack(changes)).toBe(version);
  });

  it.each([
    ['1 2 3 <2', '1'],
    ['1 2 3 <2 <1', undefined],
    ['1 2 3 <2 4', '2'],
    ['1 2 1 3 <1', '2'],
    ['1 2 - <2', '1'],
    ['1 <9', '1'],
  ])('after %s it is %s: what was rolled back does not count', (changes, version) => {
    expect(rolledBack(changes)).toBe(version);
  });

  it('is not where another alias pointed', () => {
    expect(versionBefore(log, 'shadow')).toBeUndefined();
  });
});

/** A change of one of three aliases, some time after the one before it, which is often no time at all. */
const step = fc.record({
  alias: fc.constantFrom('champion', 'challenger', 'shadow'),
  version: fc.option(fc.integer({ min: 1, max: 3 }).map(String), { nil: undefined }),
  wait: fc.constantFrom(0, 0, 0, 1, 2),
  id: fc.uuid(),
});

describe('replaying the log to a time', () => {
  it('gives the snapshot that was taken then, for any changes and in whatever order the log is read', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.infiniteStream(fc.nat()), (steps, ranks) => {
        const now = new Map<string, string>();
        const snapshots = new Map<string, Record<string, string>>();
        const entries: AliasLogEntry[] = [];
        let second = 0;
        for (const { alias, version, wait, id } of steps) {
          second += wait;
          const from = now.get(alias);
          if (from !== version) {
            entries.push({ id, alias, time: at(second), from, to: version });
            if (version === undefined) now.delete(alias);
            else now.set(alias, version);
          }
          snapshots.set(at(second), Object.fromEntries(now));
        }
        const shuffled = entries
          .map((entry) => ({ entry, rank: ranks.next().value as number }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ entry }) => entry);
        for (const [time, snapshot] of snapshots) expect(versionsAt(shuffled, time)).toEqual(snapshot);
        // The timeline is a chain: what an alias was moved from is where it was.
        const last = new Map<string, string | undefined>();
        for (const { alias, from, to } of inOrder(shuffled)) {
          expect(from).toBe(last.get(alias));
          last.set(alias, to);
        }
      }),
      { numRuns: 500 },
    );
  });
});
