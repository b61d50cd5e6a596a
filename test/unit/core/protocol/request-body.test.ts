import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBody } from '../../../../core/protocol/request-body.ts';

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
