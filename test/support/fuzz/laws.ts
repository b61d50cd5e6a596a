import { strict as assert } from 'node:assert';
import { toBytes } from '../../../core/tensor/to-bytes.ts';
import { toJson } from '../../../core/tensor/to-json.ts';
import type { ValidRequest } from './valid-requests.ts';

/** An answer, whichever way it came. */
export interface FuzzReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** What a request may be answered with, whatever it was: never a failure of the service. */
const STATUSES = new Set([200, 400, 404, 405, 408, 413, 414, 415, 431, 501, 507]);

/**
 * An answer is one of the protocol, or a refusal in words.
 *
 * @throws AssertionError
 */
export function assertLawful(method: string, { status, headers, body }: FuzzReply): void {
  const text = Buffer.from(body).toString();
  assert.ok(STATUSES.has(status), `status ${status}: ${text.slice(0, 300)}`);
  if (status === 200 || method === 'HEAD') return;
  assert.match(headers['content-type'] ?? 'none', /^application\/json\b/);
  const refusal = JSON.parse(text) as Record<string, unknown>;
  assert.match(String(refusal['error_code']), /^[A-Z][A-Z0-9_]+$/);
  for (const key of ['error', 'message']) {
    assert.ok(typeof refusal[key] === 'string' && refusal[key] !== '', `no ${key}: ${text.slice(0, 300)}`);
  }
  assert.ok(body.length < 10_000, `a refusal of ${body.length} bytes`);
}

/**
 * The answer to a request that was right is what went in.
 *
 * @throws AssertionError
 */
export function assertEchoed({ tensor }: ValidRequest, { status, headers, body }: FuzzReply): void {
  const text = Buffer.from(body).toString();
  assert.equal(status, 200, text.slice(0, 300));
  const length = headers['inference-header-content-length'];
  if (length !== undefined) {
    assert.deepEqual(Buffer.from(body).subarray(Number(length)), Buffer.from(toBytes(tensor)));
  } else if (text.includes('"data":'))
    assert.ok(text.includes(`"data":${toJson(tensor)}}`), text.slice(0, 300));
  // Tensors without elements have no bytes behind the JSON part.
  else assert.equal(tensor.data.length, 0);
}
