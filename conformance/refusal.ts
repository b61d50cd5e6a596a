import assert from 'node:assert/strict';
import type { Reply } from './check.ts';
import { textOf } from './inference.ts';

/**
 * The answer is an error of one of these statuses, in the one shape that every client can read: JSON with the key
 * `error`. What it says is the server's own business.
 *
 * @returns the message
 */
export function assertRefused(reply: Reply, ...statuses: readonly number[]): string {
  const text = textOf(reply);
  assert.ok(
    statuses.includes(reply.status),
    `status ${statuses.join(' or ')} expected, got ${reply.status}: ${text.slice(0, 300)}`,
  );
  assert.match(
    reply.headers.get('content-type') ?? 'none',
    /^application\/json\b/,
    'content type of an error',
  );
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    assert.fail(`the body of an error is JSON, got: ${text.slice(0, 300)}`);
  }
  const { error } = (body ?? {}) as { error?: unknown };
  assert.ok(
    typeof error === 'string' && error.length > 0,
    `an error has the key "error", a text: ${text.slice(0, 300)}`,
  );
  return error;
}

/** Whether a message names something as a word of its own. */
export function mentions(message: string, name: string): boolean {
  return message.split(/[^\w]+/).includes(name);
}
