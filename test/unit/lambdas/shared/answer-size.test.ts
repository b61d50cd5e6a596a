import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromProtocolResponse, MAX_BODY_BYTES } from '../../../../lambdas/shared/api-event.ts';

/** "Lambda quotas": invocation payload, synchronous response. */
const LAMBDA_LIMIT = 6 * 1024 * 1024;

const answer = (body: Uint8Array, type = 'application/json') =>
  fromProtocolResponse({ status: 200, headers: { 'content-type': type }, body });

/** JSON texts that grow by other factors when they are escaped. */
const ELEMENTS = ['1.5', '"a"', '"\\""', '"\\\\"', '"ü"', '"\\u0001"', '"😀"'];

/** An array of so many bytes at most. */
function jsonOf(element: string, bytes: number): Buffer {
  const each = Buffer.byteLength(element) + 1;
  return Buffer.from(
    `[${Array(Math.floor((bytes - 1) / each))
      .fill(element)
      .join(',')}]`,
  );
}

describe('the largest body', () => {
  it.each(ELEMENTS)('fits into what a function may answer, and arrives unchanged: %s', (element) => {
    const body = jsonOf(element, MAX_BODY_BYTES);
    const result = answer(body);
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(LAMBDA_LIMIT);
    expect(Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8').equals(body)).toBe(true);
  });

  it.each(ELEMENTS)('fits at half the limit too, where it is text: %s', (element) => {
    const result = answer(jsonOf(element, LAMBDA_LIMIT / 2 - 32 * 1024));
    expect(result.isBase64Encoded).toBe(false);
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(LAMBDA_LIMIT);
  });

  it('fits as bytes', () => {
    const result = answer(new Uint8Array(MAX_BODY_BYTES).fill(0xff), 'application/octet-stream');
    expect(result.isBase64Encoded).toBe(true);
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(LAMBDA_LIMIT);
  });
});

describe('a small body', () => {
  it('is text where it is JSON', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(answer(Buffer.from(json))).toMatchObject({ body: json, isBase64Encoded: false });
      }),
    );
  });
});
