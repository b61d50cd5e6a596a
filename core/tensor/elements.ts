import type { Datatype } from './tensor.ts';

/** Datatypes whose elements all have the same size on the wire. */
export type FixedSizeDatatype = Exclude<Datatype, 'BYTES'>;

/** The array that holds the elements of each fixed-size datatype; its element size is the size on the wire. */
export const ARRAYS = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const satisfies Record<FixedSizeDatatype, unknown>;

/** Bytes of one element on the wire; undefined for BYTES, whose elements differ. */
export function elementBytes(datatype: Datatype): number | undefined {
  return datatype === 'BYTES' ? undefined : ARRAYS[datatype].BYTES_PER_ELEMENT;
}

/**
 * Number of elements of a shape: the product of its lengths, 1 for a scalar.
 *
 * @param limit most elements that make sense to the caller. The lengths beside a 0 count against it too, because they
 * size the results of reductions.
 * @returns undefined when there are more than `limit`
 */
export function elementCount(
  shape: readonly number[],
  limit: number = Number.MAX_SAFE_INTEGER,
): number | undefined {
  let product = 1;
  let isEmpty = false;
  for (const length of shape) {
    if (length === 0) isEmpty = true;
    else product *= length;
    // Left at the first product above the limit: up to there it is exact, as the limit is a safe integer.
    if (product > limit) return undefined;
  }
  return isEmpty ? 0 : product;
}
