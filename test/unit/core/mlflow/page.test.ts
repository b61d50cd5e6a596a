import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseOrderBy, type SortKey } from '../../../../core/mlflow/order-by.ts';
import { pageOf } from '../../../../core/mlflow/page.ts';

interface Row {
  readonly name: string;
  readonly time: number;
}

const FIELDS = { name: (row: Row) => row.name, time: (row: Row) => row.time };
const BY_NAME: SortKey<Row>[] = [{ isAscending: true, value: FIELDS.name }];
const keysOf = (...clauses: string[]) => parseOrderBy(clauses, FIELDS, BY_NAME);

const rows = fc.uniqueArray(fc.record({ name: fc.string(), time: fc.integer({ min: 0, max: 3 }) }), {
  selector: ({ name }) => name,
});
const clauses = fc.subarray(['time DESC', 'name ASC', 'time ASC', 'name desc'], { minLength: 0 });

/** All pages, one after the other; `between` may change what there is. */
function pagesOf(
  all: readonly Row[],
  by: string[],
  maxResults: number,
  between = (found: readonly Row[]) => found,
) {
  const shown: Row[] = [];
  let found = all;
  let pageToken: string | undefined;
  for (;;) {
    const page = pageOf(found, { keys: keysOf(...by), maxResults, pageToken, search: by });
    shown.push(...page.records);
    const last = page.records.at(-1);
    if (!page.hasMore || last === undefined) return shown;
    pageToken = page.tokenBehind(last);
    found = between(found);
  }
}

describe('pages', () => {
  it('together are everything once, in the order that was asked for, whatever their size', () => {
    fc.assert(
      fc.property(rows, clauses, fc.integer({ min: 1, max: 5 }), (all, by, size) => {
        const whole = pagesOf(all, by, all.length + 1);
        expect(pagesOf(all, by, size)).toEqual(whole);
        expect(new Set(whole.map(({ name }) => name)).size).toBe(all.length);
      }),
    );
  });

  it('show nothing twice and leave nothing out of what stays, while others come and go', () => {
    fc.assert(
      fc.property(rows, rows, fc.integer({ min: 1, max: 3 }), (stay, come, size) => {
        const others = come.filter(({ name }) => !stay.some((row) => row.name === name));
        let calls = 0;
        const shown = pagesOf([...stay, ...others.slice(0, 2)], [], size, () => [
          ...stay,
          ...others.slice(++calls % 3),
        ]);
        const names = shown.map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
        for (const { name } of stay) expect(names).toContain(name);
      }),
    );
  });

  it.each([
    ['nonsense', 'nonsense'],
    ['an empty object', Buffer.from('{}').toString('base64url')],
    ['one of another search', undefined],
  ])('are not begun by a token that is none: %s', (_what, given) => {
    const all = [{ name: 'a', time: 0 }];
    const other = pageOf(all, { keys: keysOf(), maxResults: 1, search: 'other' });
    const pageToken = given ?? other.tokenBehind(all[0] as Row);
    expect(() => pageOf(all, { keys: keysOf(), maxResults: 1, pageToken, search: 'this' })).toThrow(
      expect.objectContaining({ code: 'INVALID_PARAMETER_VALUE' }),
    );
  });
});

describe('an order', () => {
  const sorted = (by: string[], ...all: Row[]) => pagesOf(all, by, 10).map(({ name }) => name);

  it.each([
    [[], ['a', 'b', 'c']],
    [['name DESC'], ['c', 'b', 'a']],
    [['time'], ['b', 'a', 'c']],
    [
      ['time DESC', 'name desc'],
      ['c', 'a', 'b'],
    ],
    [['`time` asc'], ['b', 'a', 'c']],
    [['attribute.time  DESC'], ['a', 'c', 'b']],
  ])('by %j', (by, expected) => {
    const all = [
      { name: 'c', time: 2 },
      { name: 'a', time: 2 },
      { name: 'b', time: 1 },
    ];
    expect(sorted(by, ...all)).toEqual(expected);
  });

  it('of texts is that of their bytes, as the table sorts them', () => {
    // In UTF-16 the surrogates of the second come before U+FFFF.
    const all = ['\uFFFF', '𝒳', 'Z', 'a'].map((name) => ({ name, time: 0 }));
    expect(sorted([], ...all)).toEqual(['Z', 'a', '\uFFFF', '𝒳']);
  });

  it.each([['owner'], ['name SIDEWAYS'], ['name, time'], [''], ['tags.a'], ['constructor']])(
    'by %j is refused',
    (clause) => {
      expect(() => keysOf(clause)).toThrow(expect.objectContaining({ code: 'INVALID_PARAMETER_VALUE' }));
    },
  );
});
