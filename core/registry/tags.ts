import { InvalidInputError } from '../errors.ts';

/**
 * Tags as they stand in the item of their model or version: the value, or, for a value that is kept apart from it, its
 * length in bytes.
 */
export type TagMap = Readonly<Record<string, string | number>>;

export type Tags = Readonly<Record<string, string>>;

const MAX_KEY_LENGTH = 250;
const MAX_VALUE_LENGTH = 100_000;
/** Python's `\w` knows all scripts. Source: MLflow, names of tags. */
const KEY = /^[\p{L}\p{N}_/.\- :]+$/u;

/** An item is read with every read of its model: what is longer stands in an item of its own. */
const MAX_BYTES_IN_PLACE = 2 * 1024;
/** All values in one item. */
const MAX_BYTES_IN_ITEM = 32 * 1024;
/** Keys and values in one item, which has 400 KiB at most. */
const MAX_ITEM_BYTES = 128 * 1024;
/** All tags of a model or version: what an answer can carry. */
const MAX_TOTAL_BYTES = 1024 * 1024;

/** @throws InvalidInputError `INVALID_TAG` */
export function assertTag(key: string, value: string): void {
  const problem = tagProblem(key, value);
  if (problem !== undefined) {
    throw new InvalidInputError('INVALID_TAG', `The tag ${JSON.stringify(key.slice(0, 300))} ${problem}.`);
  }
}

function tagProblem(key: string, value: string): string | undefined {
  if (key.length < 1 || key.length > MAX_KEY_LENGTH) {
    return `has a key of ${key.length} characters, 1 to ${MAX_KEY_LENGTH} are allowed`;
  }
  if (!KEY.test(key) || !key.isWellFormed()) {
    return 'has a key with something else than letters, digits, spaces and the characters _ - . : /';
  }
  // Names that every object has would be found where no tag is.
  if (key === '__proto__') return 'cannot be called like this; choose another key';
  if (value.length > MAX_VALUE_LENGTH) {
    return `has a value of ${value.length} characters, at most ${MAX_VALUE_LENGTH} are allowed`;
  }
  return value.isWellFormed() ? undefined : 'has a value with half a surrogate pair';
}

/**
 * The tags with some more, or with other values.
 * @throws InvalidInputError `INVALID_TAG`, `TOO_MANY_TAGS`
 */
export function withTags(tags: TagMap, more: Tags): TagMap {
  const entries = new Map(Object.entries(tags).filter(([key]) => !Object.hasOwn(more, key)));
  let keys = sum(entries.keys(), (key) => Buffer.byteLength(key));
  let inPlace = sum(entries.values(), (value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0));
  let apart = sum(entries.values(), (value) => (typeof value === 'string' ? 0 : value));
  for (const [key, value] of Object.entries(more)) {
    assertTag(key, value);
    const bytes = Buffer.byteLength(value);
    const fits = bytes <= MAX_BYTES_IN_PLACE && inPlace + bytes <= MAX_BYTES_IN_ITEM;
    entries.set(key, fits ? value : bytes);
    keys += Buffer.byteLength(key);
    if (fits) inPlace += bytes;
    else apart += bytes;
    if (keys + inPlace > MAX_ITEM_BYTES || keys + inPlace + apart > MAX_TOTAL_BYTES) throw tooManyTags(key);
  }
  return Object.fromEntries(entries);
}

export function withoutTag(tags: TagMap, key: string): TagMap {
  return Object.fromEntries(Object.entries(tags).filter(([other]) => other !== key));
}

/** Keys of the tags whose values are kept apart. */
export function keysApart(tags: TagMap): string[] {
  return Object.entries(tags).flatMap(([key, value]) => (typeof value === 'number' ? [key] : []));
}

function sum<T>(values: Iterable<T>, size: (value: T) => number): number {
  let total = 0;
  for (const value of values) total += size(value);
  return total;
}

function tooManyTags(key: string): InvalidInputError {
  return new InvalidInputError(
    'TOO_MANY_TAGS',
    `With the tag ${JSON.stringify(key)} all tags together would be larger than can be kept (${MAX_TOTAL_BYTES} bytes, ` +
      `${MAX_ITEM_BYTES} of them keys and short values); delete tags, or put long texts into files of the model.`,
  );
}
