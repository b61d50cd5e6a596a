import * as z from 'zod';
import { InvalidInputError } from '../errors.ts';

/** Clocks of callers may be this much ahead, in ms. */
const TOLERANCE = 5 * 60_000;

/** With `Z` or an offset: a time without says something else in every place. */
const isoTime = z.iso.datetime({ offset: true });

/**
 * A time up to now.
 *
 * @param text ISO 8601 with `Z` or an offset: `2026-03-03T12:00:00Z`
 * @param name of the option or parameter, for the message
 * @returns ISO 8601, UTC, in milliseconds: as the registry writes times
 * @throws InvalidInputError `INVALID_TIME`
 */
export function readPastTime(text: string, name: string, now: Date): string {
  if (!isoTime.safeParse(text).success) {
    // A plus sign in a query stands for a blank.
    const plus = / \d{2}:\d{2}$/.test(text) ? ' In a URL, "+" is written %2B.' : '';
    throw invalidTime(
      `${name} is ${JSON.stringify(text)}, which is no time of ISO 8601 with "Z" or an offset; write it as 2026-03-03T12:00:00Z.${plus}`,
    );
  }
  const time = new Date(text);
  if (time.getTime() > now.getTime() + TOLERANCE) {
    throw invalidTime(`${name} is ${text}, which is yet to come: it is ${now.toISOString()}.`);
  }
  return time.toISOString();
}

/** @throws InvalidInputError `INVALID_TIME` when a span ends before it begins */
export function assertSpan({ from, to }: { readonly from: string; readonly to: string }): void {
  if (from > to) throw invalidTime(`The span ends at ${to}, before it begins at ${from}.`);
}

function invalidTime(message: string): InvalidInputError {
  return new InvalidInputError('INVALID_TIME', message);
}
