/**
 * Largest magnitude of a quantised weight, by the bits that may be used. With 7 bits the sum of two products of an 8-bit
 * input and a weight stays within 16 bits (2 * 255 * 64 < 2^15), which processors without VNNI add in.
 * Source: onnxruntime, "Quantize ONNX Models", section on U8S8 and reduced range.
 */
export const LARGEST = { 7: 64, 8: 127 } as const;

export type WeightBits = keyof typeof LARGEST;

/** 8-bit integers that stand for `value = integer * scale`; zero stays zero. */
export interface QuantisedTable {
  readonly integers: Int8Array;
  readonly scale: number;
}

/** A matrix with one scale for each column: columns of small weights keep their precision beside those of large ones. */
export interface QuantisedMatrix {
  readonly integers: Int8Array;
  readonly scales: Float32Array;
}

/** @param values finite */
export function quantiseTable(values: Float32Array, bits: WeightBits): QuantisedTable {
  let largest = 0;
  for (let index = 0; index < values.length; index += 1) {
    largest = Math.max(largest, Math.abs(values[index] as number));
  }
  const scale = scaleFor(largest, bits);
  return { integers: Int8Array.from(values, (value) => Math.round(value / scale)), scale };
}

/** @param values finite, row-major, `columns` in each row */
export function quantiseMatrix(values: Float32Array, columns: number, bits: WeightBits): QuantisedMatrix {
  const largest = new Float32Array(columns);
  for (let index = 0; index < values.length; index += 1) {
    const column = index % columns;
    largest[column] = Math.max(largest[column] as number, Math.abs(values[index] as number));
  }
  const scales = largest.map((most) => scaleFor(most, bits));
  const integers = new Int8Array(values.length);
  for (let index = 0; index < values.length; index += 1) {
    integers[index] = Math.round((values[index] as number) / (scales[index % columns] as number));
  }
  return { integers, scales };
}

/** @param values row-major, `columns` in each row */
export function transpose(values: Float32Array, columns: number): Float32Array {
  const rows = columns === 0 ? 0 : values.length / columns;
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      result[column * rows + row] = values[row * columns + column] as number;
    }
  }
  return result;
}

/** As the file will hold it, so that the largest value is not rounded beyond the bound. */
function scaleFor(largest: number, bits: WeightBits): number {
  const scale = Math.fround(largest / LARGEST[bits]);
  // Of zeros alone any scale will do; of numbers too small for a scale, none would.
  return scale > 0 ? scale : 1;
}
