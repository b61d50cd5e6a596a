import { gunzipSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptedEncoding } from '../../../../core/protocol/accept-encoding.ts';
import { compressedResponse } from '../../../../core/protocol/compressed-response.ts';

describe('the header Accept-Encoding', () => {
  it.each([
    [undefined, undefined, true],
    ['', undefined, true],
    ['gzip', 'gzip', true],
    ['GZip', 'gzip', true],
    ['x-gzip', 'gzip', true],
    ['deflate', 'deflate', true],
    ['gzip, deflate', 'gzip', true],
    ['deflate, gzip', 'gzip', true],
    ['gzip;q=0.5, deflate', 'deflate', true],
    ['gzip; q=0.5 ,deflate ;q=0.501', 'deflate', true],
    ['gzip;q=0', undefined, true],
    ['gzip;q=0.000, deflate;q=0', undefined, true],
    ['br, zstd', undefined, true],
    ['br, gzip;q=0.1', 'gzip', true],
    ['*', 'gzip', true],
    ['*;q=0', undefined, false],
    ['gzip;q=0, *', 'deflate', true],
    ['identity', undefined, true],
    ['identity, gzip', 'gzip', true],
    ['identity, gzip;q=0.9', undefined, true],
    ['identity;q=0.5, gzip;q=0.9', 'gzip', true],
    ['identity;q=0, gzip', 'gzip', false],
    ['gzip, *;q=0', 'gzip', false],
    ['identity, *;q=0', undefined, true],
    // What cannot be read counts as nothing.
    ['gzip;q=2', undefined, true],
    ['gzip;q=0.1234', undefined, true],
    ['gzip;level=9', undefined, true],
    ['gzip;q=1;q=0', undefined, true],
    ['gz ip, deflate', 'deflate', true],
    [',, ;q=1,', undefined, true],
  ])('%j: %s', (header, coding, allowsIdentity) => {
    expect(acceptedEncoding(header)).toEqual({ coding, allowsIdentity });
  });

  it('never makes the server choose what the client excludes, nor stumble', () => {
    const entry = fc.tuple(
      fc.constantFrom('gzip', 'deflate', 'br', 'identity', '*'),
      fc.constantFrom('', ';q=0', ';q=0.3', ';q=1', ';q=x'),
    );
    fc.assert(
      fc.property(fc.array(entry), fc.string(), (entries, noise) => {
        const header = entries.map((parts) => parts.join('')).join(',');
        const excluded: string[] = entries.filter(([, weight]) => weight === ';q=0').map(([name]) => name);
        const named: string[] = entries.map(([name]) => name);
        const { coding = 'none' } = acceptedEncoding(header);
        const isExcluded = excluded.includes(coding) && named.lastIndexOf(coding) === named.indexOf(coding);
        expect(isExcluded).toBe(false);
        expect(['none', 'gzip', 'deflate']).toContain(coding);
        acceptedEncoding(noise);
      }),
    );
  });
});

describe('an answer', () => {
  const text = Buffer.from(JSON.stringify({ data: Array.from({ length: 1000 }, (_, i) => i) }));
  const answer = (body: Uint8Array) => ({
    status: 200,
    headers: { 'content-type': 'application/octet-stream', 'inference-header-content-length': '9' },
    body,
  });

  it.each([
    ['gzip', gunzipSync],
    ['deflate', inflateSync],
  ])('is compressed with %s, and says so; the length of the JSON part stays', async (coding, undo) => {
    const { status, headers, body } = await compressedResponse(answer(text), coding);
    expect({ status, headers }).toEqual({
      status: 200,
      headers: {
        'content-type': 'application/octet-stream',
        'inference-header-content-length': '9',
        'content-encoding': coding,
        vary: 'accept-encoding',
      },
    });
    expect(body.length).toBeLessThan(text.length / 2);
    expect(undo(body)).toEqual(text);
  });

  it('stays as it is when nobody asks, when it is small, and when compressing makes it larger', async () => {
    const noise = crypto.getRandomValues(new Uint8Array(4000));
    for (const [body, header] of [
      [text, undefined],
      [text, 'br'],
      [text.subarray(0, 1000), 'gzip'],
      [noise, 'gzip'],
    ] as const) {
      const response = answer(body);
      expect(await compressedResponse(response, header)).toBe(response);
    }
  });

  it('is compressed whatever its size when the client takes it in no other form', async () => {
    const { headers, body } = await compressedResponse(answer(Buffer.from('{}')), 'gzip, identity;q=0');
    expect(headers).toMatchObject({ 'content-encoding': 'gzip' });
    expect(gunzipSync(body).toString()).toBe('{}');
  });
});
