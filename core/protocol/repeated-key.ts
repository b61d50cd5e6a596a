const QUOTE = 0x22;
const COLON = 0x3a;

/**
 * A key that occurs twice in one object of a JSON text; undefined when there is none.
 *
 * JSON leaves open which of the two counts, and readers differ: what a proxy or a log has seen need not be what the
 * model would get. Source: RFC 8259 section 4.
 *
 * @param text JSON that parses
 * @param value what it was parsed to
 */
export function repeatedKey(text: string, value: unknown): string | undefined {
  // Every key of the text has a colon. With no colon more than the value has keys, none was lost: to find that out
  // takes a small part of the time that reading the keys takes.
  return countColons(text) > countKeys(value) ? firstRepeated(text) : undefined;
}

function countColons(text: string): number {
  let count = 0;
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) count++;
  return count;
}

/** Keys of objects outside of arrays that begin with a scalar: those are data, and may be long. */
function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    const isData = typeof value[0] !== 'object' || value[0] === null;
    if (!isData) for (const item of value) count += countKeys(item);
  } else {
    // What JSON was parsed to inherits no key.
    for (const key in value) count += 1 + countKeys((value as Record<string, unknown>)[key]);
  }
  return count;
}

function firstRepeated(text: string): string | undefined {
  /** Keys of the objects that are open; arrays have none. */
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === '{' || letter === '[') open.push(new Set());
    else if (letter === '}' || letter === ']') open.pop();
    else if (letter === '"') {
      const end = endOfString(text, at);
      if (text.charCodeAt(skipSpace(text, end)) === COLON) {
        // Keys that are written differently may be the same: "a" and "\u0061".
        const key = JSON.parse(text.slice(at, end)) as string;
        const keys = open.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** Index behind the string that begins at `start`. */
export function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++;
  return at;
}
