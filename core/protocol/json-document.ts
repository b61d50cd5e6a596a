import { InvalidInputError } from '../errors.ts';
import { quoted } from '../tensor/quoted.ts';
import { isNestedBeyond } from './nesting.ts';
import { endOfString, repeatedKey } from './repeated-key.ts';

/** A JSON text that was parsed, and can be parsed again without losing digits. */
export interface JsonDocument {
  readonly value: unknown;
  /** The same document with integer literals beyond 2^53 as bigints. */
  readonly exact: () => unknown;
}

type Refusal = (reason: string) => InvalidInputError;

/** Levels of arrays and objects; Triton's limit as well. */
const DEEPEST = 100;

/** Longest integer literal of 64 bits: a longer one is out of range whatever its digits. */
const LONGEST_INTEGER = 20;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses JSON, with the tokens `NaN`, `Infinity` and `-Infinity` that Python writes although JSON has none: NaN becomes
 * null, infinities the strings of that name.
 *
 * @param malformed the error for a text that is not JSON, made of the reason
 * @throws InvalidInputError `MALFORMED_JSON` unless told otherwise, `DUPLICATE_KEY`
 */
export function parseDocument(bytes: Uint8Array, malformed: Refusal = malformedBody): JsonDocument {
  if (isNestedBeyond(DEEPEST, bytes)) throw malformed(`it is nested more than ${DEEPEST} levels deep`);
  let text = decode(bytes, malformed);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    text = withoutBareTokens(text);
    value = parse(text, malformed);
  }
  const repeated = repeatedKey(text, value);
  if (repeated !== undefined) {
    throw new InvalidInputError(
      'DUPLICATE_KEY',
      `The key ${quoted(repeated)} occurs twice in the same JSON object, so that it has no certain value. Send it once.`,
    );
  }
  let exact: unknown;
  return { value, exact: () => (exact ??= parseExactly(text)) };
}

function decode(bytes: Uint8Array, malformed: Refusal): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw malformed('it is not UTF-8');
  }
}

/** Parses what is known to be JSON, with integer literals beyond 2^53 as bigints. */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, keepDigits);
}

/** V8 hands a reviver the literal that a number was written as. */
type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

function parse(text: string, malformed: Refusal): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(error instanceof SyntaxError ? error.message : 'it does not parse');
  }
}

const keepDigits: Reviver = (_key, value, context) => {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const literal = context?.source ?? '';
  return literal.length <= LONGEST_INTEGER && /^-?\d+$/.test(literal) ? BigInt(literal) : value;
};

function malformedBody(reason: string): InvalidInputError {
  return new InvalidInputError(
    'MALFORMED_JSON',
    `The JSON part of the body cannot be read: ${reason}. When tensors follow it as bytes, the header Inference-Header-Content-Length must give its length.`,
  );
}

const BARE_TOKENS = /NaN|-?Infinity/g;

function withoutBareTokens(text: string): string {
  const parts: string[] = [];
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    const start = quote < 0 ? text.length : quote;
    const end = endOfString(text, start);
    const outsideOfStrings = text.slice(at, start);
    parts.push(
      outsideOfStrings.replace(BARE_TOKENS, (token) => (token === 'NaN' ? 'null' : `"${token}"`)),
      text.slice(start, end),
    );
    at = end;
  }
  return parts.join('');
}
