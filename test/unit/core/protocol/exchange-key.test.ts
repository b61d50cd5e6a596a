import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ownKey,
  principalSegment,
  referenceTo,
  resultKey,
  uploadKey,
} from '../../../../core/protocol/exchange/exchange-key.ts';

const BUCKET = 'exchange-bucket';
const ME = 'arn:aws:sts::123456789012:assumed-role/team/me@example.com';

const check = (reference: string, principal = ME) =>
  ownKey(reference, { bucket: BUCKET, principal, label: 'input "x"' });

/** What `check` throws; undefined when it throws nothing. */
function refusal(reference: string, principal = ME): string | undefined {
  try {
    check(reference, principal);
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const id = fc.uuid();
const text = fc.string({ unit: 'binary', minLength: 1 });
const principal = text;

describe('what the exchange hands out', () => {
  it('may be used by its caller, as key and as URI', () => {
    fc.assert(
      fc.property(principal, id, (caller, upload) => {
        const key = uploadKey(caller, upload);
        expect(check(key, caller)).toBe(key);
        expect(check(referenceTo(BUCKET, key), caller)).toBe(key);
      }),
    );
  });

  it('may be used by its caller as a result too, whatever the output is called', () => {
    fc.assert(
      fc.property(principal, id, text, (caller, prediction, output) => {
        const key = resultKey(caller, prediction, output);
        expect(check(key, caller)).toBe(key);
        expect(key.length).toBeLessThan(1024);
      }),
    );
  });

  it('is of no use to anybody else', () => {
    fc.assert(
      fc.property(principal, principal, id, (caller, other, upload) => {
        fc.pre(caller !== other);
        expect(refusal(uploadKey(other, upload), caller)).toBe('PERMISSION_DENIED');
        expect(refusal(resultKey(other, upload, 'y'), caller)).toBe('PERMISSION_DENIED');
      }),
    );
  });

  it('has names of outputs where they are plain, and tells all others apart', () => {
    const names = ['y', 'output_label', 'a/b', 'a_b', '..', 'a'.repeat(64), 'ü'];
    const keys = names.map((name) => resultKey(ME, 'p', name).split('/').at(-1));
    expect(keys.slice(0, 2)).toEqual(['y', 'output_label']);
    expect(new Set(keys).size).toBe(names.length);
  });

  it('says nothing of who the caller is', () => {
    expect(uploadKey(ME, 'x')).toMatch(/^in\/[0-9a-f]{64}\/x$/);
    expect(principalSegment('')).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('anything else', () => {
  it('is refused', () => {
    const guesses = fc.oneof(
      text,
      fc.webUrl(),
      text.map((rest) => `in/${rest}`),
    );
    fc.assert(
      fc.property(guesses, (guess) => {
        expect(refusal(guess)).toBeDefined();
      }),
    );
  });

  const OWN = `in/${principalSegment(ME)}/0b7e`;
  const TRICKS = [
    '/',
    '//',
    '/../',
    '..',
    '.',
    '%2e',
    '%2F',
    '\\',
    '\0',
    '\n',
    '?',
    '#',
    ' ',
    'é',
    '*',
    '+',
    'x',
  ];

  /** What is made of a key by putting a trick in the place of up to three characters. */
  const altered = fc
    .tuple(fc.nat(OWN.length), fc.constantFrom(...TRICKS), fc.nat(3))
    .map(([at, trick, removed]) => OWN.slice(0, at) + trick + OWN.slice(at + removed));

  it('that is made of a key is refused, or is another key of the same caller that no parser takes for something else', () => {
    fc.assert(
      fc.property(altered, (key) => {
        const isOwn = key.startsWith(`in/${principalSegment(ME)}/`);
        const isPlain = new URL(key, 'https://bucket/').pathname === `/${key}`;
        const code = refusal(key);
        expect(
          code === undefined ? isOwn && isPlain : /^(INVALID_REFERENCE|PERMISSION_DENIED)$/.test(code),
        ).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['another bucket', `s3://other/${OWN}`, 'PERMISSION_DENIED'],
    ['a bucket whose name begins alike', `s3://${BUCKET}-2/${OWN}`, 'PERMISSION_DENIED'],
    ['the bucket alone', `s3://${BUCKET}`, 'PERMISSION_DENIED'],
    ['the bucket twice', `s3://${BUCKET}/s3://${BUCKET}/${OWN}`, 'INVALID_REFERENCE'],
    ['another scheme', `S3://${BUCKET}/${OWN}`, 'INVALID_REFERENCE'],
    ['another part of the bucket', OWN.replace('in/', 'models/'), 'INVALID_REFERENCE'],
    ['one level too deep', `${OWN}/more`, 'INVALID_REFERENCE'],
    ['the prefix itself', OWN.replace(/[^/]+$/, ''), 'INVALID_REFERENCE'],
    ['a name that is too long', OWN.replace(/[^/]+$/, 'a'.repeat(65)), 'INVALID_REFERENCE'],
  ])('such as %s is refused', (_what, reference, code) => {
    expect(refusal(reference)).toBe(code);
  });

  it('is told by the tensor it belongs to, without repeating it', () => {
    expect(() => check('in/<script>')).toThrow(/input "x" is not a reference/);
    expect(() => check('in/<script>')).not.toThrow(/script/);
  });
});
