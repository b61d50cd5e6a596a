import assert from 'node:assert/strict';
import type { Reply } from './check.ts';

export interface Refusal {
  /** What the message must name, for example the tensor. */
  readonly names?: string;
  readonly code?: string;
  /** The whole message. */
  readonly message?: string;
}

/** What betrays the inside of a server: a stack frame, a path of its file system, a type of its language. */
const INSIDE = /\n\s+at |node_modules|\/var\/task|file:\/\/|TypeError|RangeError|\[object Object\]/;

/** The answer is an error of this status, in the one shape that every client can read. */
export function assertRefused(reply: Reply, status: number, expected: Refusal = {}): void {
  const text = Buffer.from(reply.bytes).toString();
  assert.equal(reply.status, status, `status ${reply.status}: ${text.slice(0, 300)}`);
  // KServe's client compares the whole header value: a charset would hide the message from it.
  assert.equal(reply.headers.get('content-type'), 'application/json');
  const body = JSON.parse(text) as Record<string, unknown>;
  assert.deepEqual(Object.keys(body).sort(), ['error', 'error_code', 'message', 'request_id']);
  const { error } = body;
  assert.ok(typeof error === 'string' && error.length > 0, `error is a text: ${text}`);
  assert.equal(body['message'], error);
  assert.match(String(body['error_code']), /^[A-Z][A-Z0-9_]*$/);
  assert.match(String(body['request_id']), /^\S{8,}$/);
  assert.doesNotMatch(text, INSIDE);
  if (expected.names !== undefined)
    assert.ok(mentions(error, expected.names), `"${error}" names ${expected.names}`);
  if (expected.code !== undefined) assert.equal(body['error_code'], expected.code);
  if (expected.message !== undefined) assert.equal(error, expected.message);
}

/** Whether a message names something as a word of its own, in quotation marks when the name is a single letter. */
function mentions(message: string, name: string): boolean {
  if (name.length > 1) return message.includes(name);
  return ['"', "'", '`'].some((mark) => message.includes(mark + name + mark));
}
