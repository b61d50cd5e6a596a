import { isDeepStrictEqual } from 'node:util';
import { fromHalf } from '../tensor/half.ts';
import type { Datatype, Tensor, TensorData } from '../tensor/tensor.ts';

/**
 * How far two runs of one model may differ because kernels add up in another order, relative to the larger of the two
 * values and 1. Everything that is not floating-point must be the same.
 */
const TOLERANCE: Partial<Record<Datatype, number>> = { FP16: 1e-2, FP32: 1e-4, FP64: 1e-9 };

/** Whether two results are the same but for rounding. */
export function areClose(a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>): boolean {
  return a.size === b.size && [...a].every(([name, tensor]) => isClose(tensor, b.get(name)));
}

/** Whether two sets of tensors are the same bit for bit: shapes, datatypes and values. */
export function areIdentical(a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>): boolean {
  return a.size === b.size && [...a].every(([name, tensor]) => isIdentical(tensor, b.get(name)));
}

function isIdentical(a: Tensor, b: Tensor | undefined): boolean {
  if (a.datatype !== b?.datatype || String(a.shape) !== String(b.shape)) return false;
  if (Array.isArray(a.data) || Array.isArray(b.data)) return isDeepStrictEqual(a.data, b.data);
  return Buffer.compare(bytesOf(a.data), bytesOf(b.data)) === 0;
}

function bytesOf({ buffer, byteOffset, byteLength }: Exclude<TensorData, string[]>): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function isClose(a: Tensor, b: Tensor | undefined): boolean {
  if (a.datatype !== b?.datatype || String(a.shape) !== String(b.shape)) return false;
  const tolerance = TOLERANCE[a.datatype];
  const value = a.datatype === 'FP16' ? fromHalf : Number;
  for (let i = 0; i < a.data.length; i++) {
    const [x, y] = [a.data[i], b.data[i]];
    if (x === y) continue;
    if (tolerance === undefined || !within(value(x as number), value(y as number), tolerance)) return false;
  }
  return true;
}

function within(x: number, y: number, tolerance: number): boolean {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) && Number.isNaN(y);
  return x === y || Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(x), Math.abs(y));
}
