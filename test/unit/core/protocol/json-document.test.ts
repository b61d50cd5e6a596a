import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocument } from '../../../../core/protocol/json-document.ts';

const parse = (text: string) => parseDocument(Buffer.from(text));
const malformed = (message: RegExp) =>
  expect.objectContaining({
    code: 'MALFORMED_JSON',
    statusCode: 400,
    message: expect.stringMatching(message),
  });

describe('parseDocument', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        expect(parse(text).value).toEqual(JSON.parse(text));
      }),
    );
  });

  it('reads the tokens that Python writes for numbers that JSON lacks', () => {
    expect(parse('{"a":[NaN,-Infinity,Infinity, 1]}').value).toEqual({
      a: [null, '-Infinity', 'Infinity', 1],
    });
  });

  it('leaves the same words in strings and keys alone', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const text = `${before}NaN "-Infinity" \\${after}`;
        const key = JSON.stringify(text);
        expect(parse(`{${key}:NaN,"b":[${key},Infinity]}`).value).toEqual({
          [text]: null,
          b: [text, 'Infinity'],
        });
      }),
    );
  });

  it.each([
    '',
    '{',
    '[1,]',
    "{'a':1}",
    '[nan]',
    '[-NaN]',
    '[NaNNaN]',
    '[1NaN]',
    '[Infinity1]',
    '"NaN',
    '\u0000',
    '[1] 2',
    '"\\',
  ])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(malformed(/cannot be read/));
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(() => parseDocument(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(malformed(/not UTF-8/));
  });

  it('keeps the digits of long integers when asked, and only of those', () => {
    const literals =
      '[9007199254740993,-9007199254740993,1,1.5,1e300,99999999999999999999999,"9007199254740993"]';
    expect(parse(literals).exact()).toEqual([
      9007199254740993n,
      -9007199254740993n,
      1,
      1.5,
      1e300,
      1e23,
      '9007199254740993',
    ]);
  });

  it.each([
    '{"a":1,"a":1}',
    '{"a":[9007199254740993],"b":2,"a":[9007199254740995]}',
    '{"a":1,"\\u0061":2}',
    '[1,{"x":{"a":1 , "a" : {}}}]',
    '{"b":[{"a":"no: colon","a":NaN}]}',
    '{"__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
  ])('refuses a key that occurs twice in an object: %s', (text) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        code: 'DUPLICATE_KEY',
        statusCode: 400,
        message: expect.stringMatching(/"\w*" occurs/),
      }),
    );
  });

  it.each(['[{"a":1},{"a":1}]', '{"a":{"a":{"a":":"}}}', '{"a":["a:","a:"],"b":"a\\":1"}', '{"a":1,"A":2}'])(
    'takes equal keys of different objects: %s',
    (text) => {
      expect(parse(text).value).toEqual(JSON.parse(text));
    },
  );

  it('finds any key that is repeated anywhere, and only then', () => {
    // None ends in a backslash: V8 takes the text of the key `\"` for one that it saw before and that ends so.
    const key = fc.constantFrom('a', 'b:', '"', '\\:', '{', '', 'é');
    const { value: document } = fc.letrec<{ value: string; object: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('1', '"a:\\""', 'null', '[1,":"]'),
        fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
        tie('object'),
      ),
      object: fc
        .array(fc.tuple(key, tie('value')), { maxLength: 3 })
        .map(
          (members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`,
        ),
    }));
    const isRefused = (text: string) => {
      try {
        parse(text);
        return false;
      } catch (error) {
        return (error as { code?: string }).code === 'DUPLICATE_KEY';
      }
    };
    fc.assert(
      fc.property(document, (text) => {
        // Written again from what was parsed, a text is shorter by what was lost.
        expect(isRefused(text)).toBe(JSON.stringify(JSON.parse(text)).length < text.length);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives no object another prototype', () => {
    const { value, exact } = parse('{"__proto__":{"polluted":9007199254740993}}');
    for (const read of [value, exact()]) {
      expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
      expect(Object.hasOwn(read as object, '__proto__')).toBe(true);
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('nesting', () => {
  const nested = (levels: number, inner = '') => `${'['.repeat(levels)}${inner}${']'.repeat(levels)}`;
  const objects = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

  it('may be 100 levels and not more', () => {
    expect(() => parse(nested(100))).not.toThrow();
    expect(() => parse(objects(100))).not.toThrow();
    expect(() => parse(nested(101))).toThrow(malformed(/100 levels/));
    expect(() => parse(objects(101))).toThrow(malformed(/100 levels/));
    expect(() => parse(nested(1_000_000))).toThrow(malformed(/100 levels/));
  });

  it('counts levels, not brackets', () => {
    const rows = `[${Array.from({ length: 500 }, () => '[1]').join(',')}]`;
    expect(parse(rows).value).toHaveLength(500);
    expect(() => parse(`[${rows},${nested(100)}]`)).toThrow(malformed(/100 levels/));
  });

  it('does not count brackets inside of strings', () => {
    const text = `\\"${'[{'.repeat(200)}\\\\`;
    expect(() => parse(`["${text}",${nested(98)}]`)).not.toThrow();
    expect(() => parse(`["${text}",${nested(100)}]`)).toThrow(malformed(/100 levels/));
  });
});
