import { createHash } from 'node:crypto';
import * as z from 'zod';
import { invalidParameter } from './mlflow-error.ts';
import { compareValues, type SortKey, type SortValue, sortValues } from './order-by.ts';

/**
 * Where the next page begins: behind a place in the order, not behind a count, so that nothing is shown twice or left out
 * when records come and go between two pages.
 */
const token = z.strictObject({
  /** Of the search that it belongs to. */
  of: z.string(),
  after: z.array(z.union([z.string(), z.number()])),
});

export interface PageRequest<T> {
  readonly keys: readonly SortKey<T>[];
  readonly maxResults: number;
  readonly pageToken?: string;
  /** What was searched for: a token is good for the same search only. */
  readonly search: unknown;
}

export interface Page<T> {
  readonly records: readonly T[];
  /** The token by which the records behind one of this page are asked for. */
  readonly tokenBehind: (record: T) => string;
  readonly hasMore: boolean;
}

/** @throws InvalidInputError `INVALID_PARAMETER_VALUE` for a token that is not of this search */
export function pageOf<T>(
  found: readonly T[],
  { keys, maxResults, pageToken, search }: PageRequest<T>,
): Page<T> {
  const id = createHash('sha256').update(JSON.stringify(search)).digest('base64url').slice(0, 16);
  const after = pageToken === undefined ? undefined : readToken(pageToken, id, keys.length);
  const sorted = found
    .map((record) => ({ record, values: sortValues(record, keys) }))
    .filter(({ values }) => after === undefined || compareValues(values, after, keys) > 0)
    .sort((a, b) => compareValues(a.values, b.values, keys))
    .map(({ record }) => record);
  return {
    records: sorted.slice(0, maxResults),
    hasMore: sorted.length > maxResults,
    tokenBehind: (record) =>
      Buffer.from(JSON.stringify({ of: id, after: sortValues(record, keys) })).toString('base64url'),
  };
}

function readToken(text: string, id: string, length: number): SortValue[] {
  try {
    const { of, after } = token.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    if (of === id && after.length === length) return after;
  } catch {
    // Refused below.
  }
  throw invalidParameter(
    'The page token is none of this search: pass what the page before gave, with the same filter and order.',
  );
}
