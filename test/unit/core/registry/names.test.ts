import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assertAlias,
  assertModelName,
  assertVersionNumber,
  isAlias,
  isModelName,
  isVersionNumber,
} from '../../../../core/registry/names.ts';

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.stringMatching(/^[\w-]{1,12}$/));

describe('a model name', () => {
  it.each([
    'credit',
    'credit-risk_2',
    'Größe',
    '信用',
    'with space',
    `it's "quoted"`,
    'v1',
    '7',
    '50%',
    'a.b',
    '...',
  ])('may be %j', (name) => {
    expect(isModelName(name)).toBe(true);
  });

  it.each([
    { name: '', why: 'blank' },
    { name: ' \t', why: 'blank' },
    { name: 'a/b', why: '"/" or ":"' },
    { name: 'a:b', why: '"/" or ":"' },
    { name: '.', why: 'folder' },
    { name: '..', why: 'folder' },
    { name: 'stats', why: 'reserved' },
    { name: 'line\nbreak', why: 'control' },
    { name: '\u0000', why: 'control' },
    { name: '\ud800', why: 'surrogate' },
    { name: 'x'.repeat(256), why: '255' },
  ])('may not be $name, and the message says why: $why', ({ name, why }) => {
    expect(() => assertModelName(name)).toThrow(
      expect.objectContaining({ code: 'INVALID_MODEL_NAME', statusCode: 400 }),
    );
    expect(() => assertModelName(name)).toThrow(why);
  });

  it('is exactly one segment of a path, and comes back from it', () => {
    fc.assert(
      fc.property(anyText, (name) => {
        fc.pre(isModelName(name));
        const { pathname } = new URL(`https://host/v2/models/${encodeURIComponent(name)}/infer`);
        const segments = pathname.split('/');
        expect(segments).toHaveLength(5);
        expect(decodeURIComponent(segments[3] ?? '')).toBe(name);
      }),
    );
  });

  it('fits into an index key of 1024 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
        fc.pre(isModelName(name));
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(1024);
      }),
    );
  });
});

describe('an alias', () => {
  it.each(['champion', 'Challenger_2', 'a', '-', 'v', 'v1a', '1st', 'latest2', '__proto__', 'x'.repeat(255)])(
    'may be %j',
    (alias) => {
      expect(isAlias(alias)).toBe(true);
    },
  );

  it.each([
    '',
    'x'.repeat(256),
    'a b',
    'a.b',
    'a/b',
    'ä',
    'latest',
    'LATEST',
    'v1',
    'V22',
    '7',
    '007',
    'a\n',
  ])('may not be %j', (alias) => {
    expect(() => assertAlias(alias)).toThrow(
      expect.objectContaining({ code: 'INVALID_ALIAS', statusCode: 400 }),
    );
  });

  it('is never a version number too', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(isAlias(text) && isVersionNumber(text)).toBe(false);
      }),
    );
  });
});

describe('a version number', () => {
  it('is any natural number of at most ten digits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_999_999_999 }), (n) => {
        expect(isVersionNumber(String(n))).toBe(true);
      }),
    );
  });

  it.each(['0', '01', '-1', '1.0', '1e3', ' 1', '1\n', '', '12345678901', '１'])('is not %j', (text) => {
    expect(() => assertVersionNumber(text)).toThrow(expect.objectContaining({ code: 'INVALID_VERSION' }));
  });
});
