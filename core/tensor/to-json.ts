import { fromHalf } from './half.ts';
import type { Tensor } from './tensor.ts';

/**
 * Tensor data as the text of a flat JSON array.
 *
 * Integers are bare digits at any size. Floating-point numbers are the shortest digits that give the same double again,
 * so FP32 and FP16 values are exact in every reader. NaN becomes null; JSON has no infinities, so they are the strings
 * that requests may hold as well: "Infinity" and "-Infinity".
 */
export function toJson({ datatype, data }: Tensor): string {
  switch (datatype) {
    case 'BYTES':
      return JSON.stringify(data);
    case 'BOOL':
      return `[${Array.from(data as Uint8Array, (element) => element !== 0).join(',')}]`;
    case 'FP16':
      return floatsToJson(Float32Array.from(data as Uint16Array, fromHalf));
    case 'FP32':
    case 'FP64':
      return floatsToJson(data as Float32Array | Float64Array);
    default:
      return `[${data.join(',')}]`;
  }
}

function floatsToJson(data: Float32Array | Float64Array): string {
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (!Number.isFinite(value) || Object.is(value, -0))
      return `[${Array.from(data, floatToJson).join(',')}]`;
  }
  return `[${data.join(',')}]`;
}

function floatToJson(value: number): string {
  if (Number.isNaN(value)) return 'null';
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}
