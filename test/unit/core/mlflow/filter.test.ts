import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StrataError } from '../../../../core/errors.ts';
import { parseFilter } from '../../../../core/mlflow/filter.ts';
import { satisfies } from '../../../../core/mlflow/filter-match.ts';
import { MODEL_FILTER, VERSION_FILTER } from '../../../../core/mlflow/search-grammar.ts';

/** `read`, or the code of the refusal. */
function outcomeOf(filter: string): unknown {
  try {
    parseFilter(filter, MODEL_FILTER);
    return 'read';
  } catch (error) {
    return (error as StrataError).code;
  }
}

describe('a filter', () => {
  it.each([
    ['', []],
    ['   ', []],
    ["name = 'a'", [{ of: 'attribute', key: 'name', comparator: '=', value: 'a' }]],
    ['name="a"', [{ of: 'attribute', key: 'name', comparator: '=', value: 'a' }]],
    ["attribute.name != 'a'", [{ of: 'attribute', key: 'name', comparator: '!=', value: 'a' }]],
    ["name like 'a%'", [{ of: 'attribute', key: 'name', comparator: 'LIKE', value: 'a%' }]],
    ["name iLike 'a%'", [{ of: 'attribute', key: 'name', comparator: 'ILIKE', value: 'a%' }]],
    ['name IN (\'a\', "b")', [{ of: 'attribute', key: 'name', comparator: 'IN', value: ['a', 'b'] }]],
    ["tags.owner = 'a'", [{ of: 'tag', key: 'owner', comparator: '=', value: 'a' }]],
    ["tag.`a b:c/d` = 'a'", [{ of: 'tag', key: 'a b:c/d', comparator: '=', value: 'a' }]],
    ['tags."a b" = \'a\'', [{ of: 'tag', key: 'a b', comparator: '=', value: 'a' }]],
    [
      "tags.mlflow.prompt.is_prompt = 'true'",
      [{ of: 'tag', key: 'mlflow.prompt.is_prompt', comparator: '=', value: 'true' }],
    ],
    ["name = 'it''s'", [{ of: 'attribute', key: 'name', comparator: '=', value: "it's" }]],
    ['name = "it\'s"', [{ of: 'attribute', key: 'name', comparator: '=', value: "it's" }]],
    ["name = ' and '", [{ of: 'attribute', key: 'name', comparator: '=', value: ' and ' }]],
    [
      "name = 'ü' and tags.a = '日本'",
      [
        { of: 'attribute', key: 'name', comparator: '=', value: 'ü' },
        { of: 'tag', key: 'a', comparator: '=', value: '日本' },
      ],
    ],
  ])('%s', (filter, terms) => {
    expect(parseFilter(filter, MODEL_FILTER)).toEqual(terms);
  });

  it.each([
    ['version_number >= 3', { key: 'version_number', comparator: '>=', value: 3 }],
    ["version_number<'3'", { key: 'version_number', comparator: '<', value: 3 }],
    ["run_id NOT IN ('a')", { key: 'run_id', comparator: 'NOT IN', value: ['a'] }],
    ["source_path ILIKE 's3:%'", { key: 'source_path', comparator: 'ILIKE', value: 's3:%' }],
  ])('of versions: %s', (filter, term) => {
    expect(parseFilter(filter, VERSION_FILTER)).toEqual([{ of: 'attribute', ...term }]);
  });

  it.each([
    'name',
    'name =',
    '= 5',
    'name = a',
    'name = 5',
    "name = 'a",
    "name = 'a' OR name = 'b'",
    "name = 'a' AND",
    "AND name = 'a'",
    "name = 'a' name = 'b'",
    "name > 'a'",
    "name NOT IN ('a')",
    'name IN ()',
    "name IN ('a',)",
    "name IN 'a'",
    "name NOT LIKE 'a'",
    "NAME = 'a'",
    "`name` = 'a'",
    "owner = 'a'",
    "metrics.f1 = 'a'",
    "tags. = 'a'",
    "tags.a IN ('a')",
    "tags.a > 'a'",
    'tags.a = 5',
    "tags.a-b = 'a'",
    "name == 'a'",
    "name = 'a';",
    "(name = 'a')",
    "constructor = 'a'",
    'tags.a IS NULL',
  ])('that cannot be read is refused: %s', (filter) => {
    expect(() => parseFilter(filter, MODEL_FILTER)).toThrow(
      expect.objectContaining({ code: 'INVALID_PARAMETER_VALUE', statusCode: 400 }),
    );
  });

  it('is read or refused, whatever it is', () => {
    const parts = fc.constantFrom(
      'name',
      'tags',
      '.',
      ' ',
      '=',
      '!=',
      'LIKE',
      'IN',
      '(',
      ')',
      ',',
      "'a'",
      '`b`',
      '"',
      'AND',
      '7',
      '\\',
      'é',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(parts).map((each) => each.join(' ')),
        ),
        (filter) => {
          expect(['read', 'INVALID_PARAMETER_VALUE']).toContain(outcomeOf(filter));
        },
      ),
    );
  });

  it('finds any text that is quoted as SQL has it', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const [term] = parseFilter(`name = '${text.replaceAll("'", "''")}'`, MODEL_FILTER);
        expect(term?.value).toBe(text);
      }),
    );
  });

  it('that is too long, or has too long a pattern, is refused', () => {
    expect(() => parseFilter(`name = '${'a'.repeat(10_000)}'`, MODEL_FILTER)).toThrow(/10000/);
    expect(() => parseFilter(`name LIKE '${'a'.repeat(1001)}'`, MODEL_FILTER)).toThrow(/1000/);
  });
});

describe('a comparison', () => {
  const matches = (value: string | number | undefined, condition: string) => {
    const [term] = parseFilter(`source_path ${condition}`, {
      attributes: { source_path: { comparators: ['=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'] } },
    });
    return term !== undefined && satisfies(value, term);
  };

  it.each([
    ['abc', "= 'abc'", true],
    ['abc', "= 'ABC'", false],
    ['abc', "!= 'abd'", true],
    ['abc', "LIKE 'a%'", true],
    ['abc', "LIKE 'A%'", false],
    ['abc', "ILIKE 'A%'", true],
    ['abc', "LIKE 'a_c'", true],
    ['a𝒳c', "LIKE 'a_c'", true],
    ['abc', "LIKE 'a_'", false],
    ['abc', "LIKE '%'", true],
    ['', "LIKE '%'", true],
    ['', "LIKE '_'", false],
    ['a.c', "LIKE 'a.c'", true],
    ['abc', "LIKE 'a.c'", false],
    ['a*c', "LIKE 'a*c'", true],
    ['abc', "LIKE 'a*c'", false],
    ['abcabd', "LIKE '%ab_'", true],
    ['abcabd', "LIKE '%abc'", false],
    ['abc', "IN ('x', 'abc')", true],
    ['abc', "NOT IN ('x')", true],
    [undefined, "!= 'abc'", false],
    [undefined, "NOT IN ('abc')", false],
  ])('%j %s is %s', (value, condition, expected) => {
    expect(matches(value, condition)).toBe(expected);
  });

  it('by LIKE is what the regular expression of the same meaning finds', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', '%', '_', '𝒳')).map((all) => all.join(''));
    fc.assert(
      fc.property(letters, letters, (text, pattern) => {
        const expression = pattern.replaceAll('%', '.*').replaceAll('_', '.');
        expect(matches(text, `LIKE '${pattern}'`)).toBe(new RegExp(`^${expression}$`, 'us').test(text));
      }),
    );
  });
});
