import type { Tensor } from '../tensor/tensor.ts';

/** How much there is to compute. */
export interface RequestSize {
  /** Length of axis 0, where all inputs agree in it; otherwise undefined. */
  readonly rows: number | undefined;
  /** Elements of the largest input. */
  readonly largest: number;
  /** Elements of all inputs, and letters of texts. */
  readonly amount: number;
}

export function sizeOf(inputs: ReadonlyMap<string, Tensor>): RequestSize {
  let [rows, largest, amount]: [number | undefined, number, number] = [undefined, 0, 0];
  let isFirst = true;
  for (const { shape, data } of inputs.values()) {
    if (isFirst) rows = shape[0];
    else if (rows !== shape[0]) rows = undefined;
    isFirst = false;
    largest = Math.max(largest, data.length);
    amount += data.length;
    if (Array.isArray(data)) for (const text of data) amount += text.length;
  }
  return { rows, largest, amount };
}
