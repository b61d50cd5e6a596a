import { InvalidInputError } from '../../core/errors.ts';
import { errorResponse } from '../../core/protocol/error-response.ts';
import type { RecordOutcome, RecordServer } from '../../core/protocol/record-server.ts';

/** What a state machine hands to the task: the records, or an object that has them. */
export type BatchEvent = readonly unknown[] | { readonly records: readonly unknown[] };

export interface BatchResult {
  /** One for each record, in their order: an answer of the protocol, or an error in its form. */
  readonly results: readonly unknown[];
  readonly succeeded: number;
  readonly failed: number;
}

/**
 * Answers all records of an event.
 *
 * @throws InvalidInputError `INVALID_RECORDS` for an event without records
 * @throws StrataError when none can be answered: then the task fails, and can be retried
 */
export async function inferBatch(
  event: BatchEvent,
  server: Pick<RecordServer, 'answer'>,
  requestId: string,
): Promise<BatchResult> {
  const records = recordsOf(event);
  // Lambda parsed the event: digits beyond 2^53 are lost already.
  const outcomes = await server.answer(records.map((value) => () => ({ value, exact: () => value })));
  const failed = outcomes.filter((outcome) => 'error' in outcome).length;
  return {
    results: outcomes.map((outcome) => parse(jsonOf(outcome, requestId))),
    succeeded: outcomes.length - failed,
    failed,
  };
}

function recordsOf(event: BatchEvent): readonly unknown[] {
  const records: unknown = (event as { readonly records?: unknown } | null)?.records ?? event;
  if (Array.isArray(records)) return records;
  throw new InvalidInputError(
    'INVALID_RECORDS',
    'The input of the task must be an array of records, or an object with the array "records".',
  );
}

function jsonOf(outcome: RecordOutcome, requestId: string): string {
  if ('answer' in outcome) return outcome.answer;
  return Buffer.from(errorResponse(outcome.error, requestId).body).toString();
}

/** So many digits in a row, but for decimals: an integer that may be beyond 2^53. */
const LARGE_INTEGER = /(?:^|[^.\d])\d{16}/;

/** With a reviver only where one is needed: it makes parsing take seven times as long. */
function parse(text: string): unknown {
  return LARGE_INTEGER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

/** Lambda writes the result as JSON once more: integers beyond 2^53 go through it as the digits that they are. */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  return RAW.rawJSON(context?.source ?? String(value));
}

/** In V8 since Node 22; TypeScript's library does not know it yet. */
const RAW = JSON as typeof JSON & { rawJSON(text: string): unknown };
