import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../../../../core/errors.ts';
import { readBody, unpacked } from '../../../../core/protocol/request-body.ts';

const read = (body: Uint8Array, headers: Record<string, string> = {}, maxBytes = 1000) =>
  readBody({ method: 'POST', path: '/', headers, body, requestId: 'r' }, maxBytes);

const LENGTH = 'inference-header-content-length';
const body = Buffer.from('{"a":1}\x01\x02');

describe('length of the JSON part', () => {
  it('is the whole body without the header', () => {
    const { json, binary, isRaw } = read(body);
    expect([json, binary.length, isRaw]).toEqual([body, 0, false]);
  });

  it('cuts the body in two', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(), (bytes, at) => {
        const length = bytes.length === 0 ? 0 : at % (bytes.length + 1);
        const { json, binary, isRaw } = read(bytes, { [LENGTH]: String(length) });
        expect([...json, ...binary]).toEqual([...bytes]);
        expect([json.length, isRaw]).toEqual([length, length === 0]);
      }),
    );
  });

  it.each(['-1', '10', '1e1', 'abc', '', ' ', '1.5', '0x1', '99999999999999999999999'])(
    'cannot be %j',
    (length) => {
      expect(() => read(body, { [LENGTH]: length })).toThrow(
        expect.objectContaining({ code: 'INVALID_HEADER_LENGTH', statusCode: 400 }),
      );
    },
  );
});

describe('content encoding', () => {
  it.each([
    ['gzip', gzipSync(body)],
    ['x-gzip', gzipSync(body)],
    ['GZIP', gzipSync(body)],
    ['deflate', deflateSync(body)],
    ['identity', body],
    ['', body],
  ])('%s is undone, and lengths count what comes out', (encoding, bytes) => {
    const { json, binary } = read(bytes, { 'content-encoding': encoding, [LENGTH]: '7' });
    expect(Buffer.from(json).toString()).toBe('{"a":1}');
    expect([...binary]).toEqual([1, 2]);
  });

  it.each(['br', 'zstd', 'compress', 'gzip, gzip', 'none'])(
    '%s is refused, never read as plain',
    (encoding) => {
      expect(() => read(body, { 'content-encoding': encoding })).toThrow(
        expect.objectContaining({
          code: 'UNSUPPORTED_ENCODING',
          statusCode: 415,
          headers: { 'accept-encoding': 'gzip, deflate' },
        }),
      );
    },
  );

  it.each([
    ['gzip', body],
    ['gzip', gzipSync(body).subarray(0, -5)],
    ['gzip', new Uint8Array(0)],
    ['deflate', body],
    ['deflate', deflateRawSync(body)],
  ])('%s that is broken is refused', (encoding, bytes) => {
    expect(() => read(bytes, { 'content-encoding': encoding })).toThrow(
      expect.objectContaining({ code: 'MALFORMED_COMPRESSION', statusCode: 400 }),
    );
  });
});

describe('size', () => {
  const tooLarge = expect.objectContaining({ code: 'REQUEST_TOO_LARGE', statusCode: 413 });

  it('may be the limit and not more', () => {
    expect(read(new Uint8Array(1000)).json).toHaveLength(1000);
    expect(() => read(new Uint8Array(1001))).toThrow(tooLarge);
  });

  it('counts what comes out of compression', () => {
    const encoding = { 'content-encoding': 'gzip' };
    expect(read(gzipSync(new Uint8Array(1000)), encoding).json).toHaveLength(1000);
    expect(() => read(gzipSync(new Uint8Array(1001)), encoding)).toThrow(tooLarge);
    expect(() => read(gzipSync(new Uint8Array(500_000)), encoding)).toThrow(tooLarge);
  });
});

describe('a body that unpacks to much', () => {
  const LARGE = 5 * 2 ** 20;
  const large = Buffer.alloc(LARGE, 'a');
  const asked = (encoding: string, bytes: Uint8Array, mostMemory = Number.POSITIVE_INFINITY) => {
    const memory = {
      taken: 0,
      take(more: number) {
        if (memory.taken + more > mostMemory) throw new UnavailableError('OVERLOADED', 'full');
        memory.taken += more;
      },
    };
    const headers = { 'content-encoding': encoding, [LENGTH]: '1' };
    return { method: 'POST', path: '/', headers, body: bytes, requestId: 'r', memory };
  };

  it.each([
    ['gzip', gzipSync(large)],
    ['x-gzip', gzipSync(large)],
    ['deflate', deflateSync(large)],
    ['identity', large],
  ])('(%s) is what was packed, and keeps its other headers', async (encoding, bytes) => {
    const plain = await unpacked(asked(encoding, bytes), LARGE);
    expect(Buffer.compare(plain.body, large)).toBe(0);
    expect(plain.headers).toEqual({ [LENGTH]: '1' });
  });

  it('is unpacked to the same by both ways', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(1, 30_000), async (part, times) => {
        const whole = Buffer.concat(Array.from({ length: times }, () => part));
        const plain = await unpacked(asked('gzip', gzipSync(whole)), 4 * 2 ** 20);
        expect(Buffer.compare(plain.body, whole)).toBe(0);
      }),
      { numRuns: 20 },
    );
  });

  it('is counted as it is unpacked, and refused as soon as there is no more room', async () => {
    const fits = asked('gzip', gzipSync(large));
    await unpacked(fits, LARGE);
    expect(fits.memory.taken).toBeGreaterThanOrEqual(LARGE);
    const refused = asked('gzip', gzipSync(large), 2 ** 20);
    await expect(unpacked(refused, LARGE)).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(refused.memory.taken).toBeLessThanOrEqual(2 ** 20);
  });

  it('is refused where it is too large, or broken behind its beginning', async () => {
    const bytes = gzipSync(large);
    await expect(unpacked(asked('gzip', bytes), LARGE - 1)).rejects.toMatchObject({
      code: 'REQUEST_TOO_LARGE',
    });
    const broken = gzipSync(Buffer.from(Array.from({ length: LARGE / 2 }, (_, i) => (i * i) % 251))).subarray(
      0,
      -5,
    );
    await expect(unpacked(asked('gzip', broken), LARGE)).rejects.toMatchObject({
      code: 'MALFORMED_COMPRESSION',
    });
  });
});
