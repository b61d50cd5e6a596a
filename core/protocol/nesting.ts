const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/**
 * Whether arrays and objects of a JSON text are nested beyond a limit. Asked before parsing, since a few megabytes of
 * brackets cost seconds and a gigabyte to parse.
 */
export function isNestedBeyond(limit: number, json: Uint8Array): boolean {
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  // Flat data has few brackets: to find that out takes a small part of the time that counting levels takes.
  const openers = countUpTo(limit + 1, OPENING_BRACKET, bytes) + countUpTo(limit + 1, OPENING_BRACE, bytes);
  return openers > limit && hasMoreLevelsThan(limit, bytes);
}

function countUpTo(most: number, byte: number, bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(byte); at >= 0 && count < most; at = bytes.indexOf(byte, at + 1)) count++;
  return count;
}

function hasMoreLevelsThan(limit: number, bytes: Buffer): boolean {
  let level = 0;
  let isInString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) isInString = !isInString;
    else if (isInString) {
      if (byte === BACKSLASH) at++;
    } else if (byte === OPENING_BRACKET || byte === OPENING_BRACE) {
      if (++level > limit) return true;
    } else if (byte === CLOSING_BRACKET || byte === CLOSING_BRACE) level--;
  }
  return false;
}
