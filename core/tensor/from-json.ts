import { InvalidInputError } from '../errors.ts';
import { ARRAYS } from './elements.ts';
import type { ExpectedTensor } from './expected-tensor.ts';
import { flattenJson } from './flatten-json.ts';
import { fromHalf, toHalf } from './half.ts';
import { quoted } from './quoted.ts';
import type { TensorData } from './tensor.ts';

/** The `data` of a tensor as parsed from JSON. */
export interface JsonData {
  readonly data: readonly unknown[];
  /**
   * The same array parsed again, with every integer literal beyond 2^53 as a bigint. Asked for only when a 64-bit
   * tensor holds one, since such a parse takes several times as long.
   */
  readonly exact: () => readonly unknown[];
}

/**
 * Reads tensor data from JSON, flat or nested as its shape.
 *
 * @throws InvalidInputError `DATA_SHAPE_MISMATCH` when there are more or fewer elements than the shape has, or the
 * nesting is not the shape's; `INVALID_ELEMENT` for an element of another kind than the datatype's;
 * `ELEMENT_OUT_OF_RANGE` for a number that the datatype cannot hold
 */
export function fromJson(expected: ExpectedTensor, json: JsonData): TensorData {
  const leaves = flattenJson(expected, json.data);
  switch (expected.datatype) {
    case 'BYTES':
      return strings(expected, leaves);
    case 'BOOL':
      return booleans(expected, leaves);
    case 'FP16':
    case 'FP32':
    case 'FP64':
      return floats(expected, expected.datatype, leaves);
    case 'INT64':
    case 'UINT64':
      return integers64(expected, lostDigits(leaves) ? flattenJson(expected, json.exact()) : leaves);
    default:
      return integers(expected, expected.datatype, leaves);
  }
}

function lostDigits(leaves: readonly unknown[]): boolean {
  for (let i = 0; i < leaves.length; i++) {
    const leaf = leaves[i];
    if (typeof leaf === 'number' && Number.isInteger(leaf) && !Number.isSafeInteger(leaf)) return true;
  }
  return false;
}

function strings(expected: ExpectedTensor, leaves: readonly unknown[]): string[] {
  for (let i = 0; i < leaves.length; i++) {
    const leaf = leaves[i];
    if (leaf === null) throw notA(expected, i, leaf, 'a string, "" where one is missing');
    if (typeof leaf !== 'string') throw notA(expected, i, leaf, 'a string');
    if (!leaf.isWellFormed()) throw notA(expected, i, leaf, 'text that UTF-8 can carry (no lone surrogates)');
    if (leaf.includes('\0')) throw notA(expected, i, leaf, 'text without a NUL character');
  }
  return leaves as string[];
}

function booleans(expected: ExpectedTensor, leaves: readonly unknown[]): Uint8Array {
  const data = new Uint8Array(leaves.length);
  for (let i = 0; i < leaves.length; i++) {
    const leaf = leaves[i];
    if (leaf === true || leaf === 1) data[i] = 1;
    else if (leaf !== false && leaf !== 0) throw notA(expected, i, leaf, 'true, false, 1 or 0');
  }
  return data;
}

type IntegerDatatype = 'UINT8' | 'UINT16' | 'UINT32' | 'INT8' | 'INT16' | 'INT32';

function integers(
  expected: ExpectedTensor,
  datatype: IntegerDatatype,
  leaves: readonly unknown[],
): TensorData {
  const data = new ARRAYS[datatype](leaves.length);
  for (let i = 0; i < leaves.length; i++) {
    const leaf = leaves[i];
    if (typeof leaf !== 'number' || !Number.isInteger(leaf)) throw notA(expected, i, leaf, 'an integer');
    data[i] = leaf;
    // What does not fit wraps around when it is stored.
    if (data[i] !== leaf) throw outOfRange(expected, i, leaf);
  }
  return data;
}

function integers64(expected: ExpectedTensor, leaves: readonly unknown[]): BigInt64Array | BigUint64Array {
  const data =
    expected.datatype === 'INT64' ? new BigInt64Array(leaves.length) : new BigUint64Array(leaves.length);
  for (let i = 0; i < leaves.length; i++) {
    const leaf = leaves[i];
    let value: bigint;
    if (typeof leaf === 'bigint') value = leaf;
    else if (typeof leaf !== 'number' || !Number.isInteger(leaf)) throw notA(expected, i, leaf, 'an integer');
    else if (Number.isSafeInteger(leaf)) value = BigInt(leaf);
    // Too long to be in range, or written with a point or an exponent: its digits are lost.
    else throw outOfRange(expected, i, leaf);
    data[i] = value;
    if (data[i] !== value) throw outOfRange(expected, i, leaf);
  }
  return data;
}

/**
 * JSON has no NaN and no infinities: null means NaN, and the names of the three are taken as strings. A number that is
 * infinite after parsing was a literal beyond the range of doubles (1e400).
 */
function floats(
  expected: ExpectedTensor,
  datatype: 'FP16' | 'FP32' | 'FP64',
  leaves: readonly unknown[],
): TensorData {
  const data = new ARRAYS[datatype](leaves.length);
  for (let i = 0; i < leaves.length; i++) {
    const leaf = leaves[i];
    const value = typeof leaf === 'number' ? leaf : nonFinite(leaf);
    if (value === undefined) throw notA(expected, i, leaf, 'a number');
    data[i] = datatype === 'FP16' ? toHalf(value) : value;
    if (typeof leaf !== 'number') continue;
    const stored = datatype === 'FP16' ? fromHalf(data[i] as number) : (data[i] as number);
    if (!Number.isFinite(stored)) throw outOfRange(expected, i, leaf);
  }
  return data;
}

function nonFinite(leaf: unknown): number | undefined {
  switch (leaf) {
    case null:
    case 'NaN':
      return Number.NaN;
    case 'Infinity':
      return Number.POSITIVE_INFINITY;
    case '-Infinity':
      return Number.NEGATIVE_INFINITY;
    default:
      return undefined;
  }
}

function notA(expected: ExpectedTensor, index: number, leaf: unknown, wanted: string): InvalidInputError {
  return new InvalidInputError(
    'INVALID_ELEMENT',
    `Element ${index} of ${expected.label} is ${described(leaf)}; ${expected.datatype} needs ${wanted}.`,
  );
}

function outOfRange(expected: ExpectedTensor, index: number, leaf: number | bigint): InvalidInputError {
  return new InvalidInputError(
    'ELEMENT_OUT_OF_RANGE',
    `Element ${index} of ${expected.label} is out of the range of ${expected.datatype}: ${leaf}. Send numbers that the datatype holds, integers as bare digits.`,
  );
}

function described(leaf: unknown): string {
  if (typeof leaf === 'string') return `the string ${quoted(leaf)}`;
  if (Array.isArray(leaf)) return 'an array';
  return typeof leaf === 'object' && leaf !== null ? 'an object' : String(leaf);
}
