import assert from 'node:assert/strict';
import type { Reply } from '../../../conformance/check.ts';
import { textOf } from '../../../conformance/inference.ts';
import { assertRefused as assertRefusedAtAll } from '../../../conformance/refusal.ts';

export interface Refusal {
  /** What the message must name, for example the tensor. */
  readonly names?: string;
  readonly code?: string;
  /** The whole message. */
  readonly message?: string;
}

/** What betrays the inside of a server: a stack frame, a path of its file system, a type of its language. */
const INSIDE = /\n\s+at |node_modules|\/var\/task|file:\/\/|TypeError|RangeError|\[object Object\]/;

/** The answer is an error of this status, in the one shape that clients of this protocol, of MLflow and of AWS can read. */
export function assertRefused(reply: Reply, status: number, expected: Refusal = {}): void {
  const error = assertRefusedAtAll(reply, status);
  // KServe's client compares the whole header value: a charset would hide the message from it.
  assert.equal(reply.headers.get('content-type'), 'application/json');
  const text = textOf(reply);
  const body = JSON.parse(text) as Record<string, unknown>;
  assert.deepEqual(Object.keys(body).sort(), ['error', 'error_code', 'message', 'request_id']);
  assert.equal(body['message'], error);
  assert.match(String(body['error_code']), /^[A-Z][A-Z0-9_]*$/);
  assert.match(String(body['request_id']), /^\S{8,}$/);
  assert.doesNotMatch(text, INSIDE);
  if (expected.names !== undefined)
    assert.ok(error.includes(expected.names), `"${error}" names ${expected.names}`);
  if (expected.code !== undefined) assert.equal(body['error_code'], expected.code);
  if (expected.message !== undefined) assert.equal(error, expected.message);
}
