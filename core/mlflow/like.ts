import { matchesPattern } from '../access/pattern.ts';
import { invalidParameter } from './mlflow-error.ts';

/** A longer pattern could make a search through long texts take seconds. */
const MAX_PATTERN_LENGTH = 1000;

/** @throws InvalidInputError `INVALID_PARAMETER_VALUE` */
export function assertLikePattern(pattern: string): void {
  if (pattern.length <= MAX_PATTERN_LENGTH) return;
  throw invalidParameter(
    `A pattern of LIKE has at most ${MAX_PATTERN_LENGTH} characters, this one has ${pattern.length}.`,
  );
}

/** SQL's LIKE: `%` stands for any text, `_` for one character, everything else for itself. */
export function isLike(text: string, pattern: string): boolean {
  return pattern.includes('_') ? isLikeByLetter(text, pattern) : matchesPattern(pattern, text, '%');
}

/** What stands behind a `%` is tried from one letter after the other, and never again from before the last `%`. */
function isLikeByLetter(text: string, pattern: string): boolean {
  const letters = Array.from(text);
  const wanted = Array.from(pattern);
  let at = 0;
  let next = 0;
  /** Behind the last `%`: where the pattern goes on, and from where on the text was tried. */
  let back: { readonly next: number; at: number } | undefined;
  while (at < letters.length) {
    const letter = wanted[next];
    if (letter === '%') {
      next++;
      back = { next, at };
    } else if (letter === '_' || (letter !== undefined && letter === letters[at])) {
      at++;
      next++;
    } else if (back) {
      at = ++back.at;
      next = back.next;
    } else return false;
  }
  return wanted.slice(next).every((letter) => letter === '%');
}
