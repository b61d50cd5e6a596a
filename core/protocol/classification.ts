import { InvalidInputError } from '../errors.ts';
import { quoted } from '../tensor/quoted.ts';
import type { Tensor, TensorData } from '../tensor/tensor.ts';

/** What a tensor of numbers is made of. */
type Numbers = Exclude<TensorData, string[]>;

const REFUSED = new Set(['BOOL', 'FP16', 'BYTES']);
const DECIMALS = 6;

/**
 * The highest values of each row with their positions, highest first, as `"<value>:<index>"`; equal values in the
 * order of their positions, NaN last. The first dimension counts rows when there are two or more; without it the whole
 * tensor is one row and the result has the shape [k].
 * Source: Triton's classification extension.
 *
 * @param classes how many values of each row are wanted; all of them when the row has fewer
 * @param name the output, for messages
 * @throws InvalidInputError `CLASSIFICATION_NOT_POSSIBLE`
 */
export function classify(tensor: Tensor, classes: number, name: string): Tensor {
  const { datatype, shape } = tensor;
  if (REFUSED.has(datatype)) {
    throw new InvalidInputError(
      'CLASSIFICATION_NOT_POSSIBLE',
      `The output ${quoted(name)} is ${datatype}, which cannot be answered as classes. Ask for it without "classification".`,
    );
  }
  const data = tensor.data as Numbers;
  const rows = shape.length > 1 ? (shape[0] as number) : 1;
  const width = rows === 0 ? 0 : data.length / rows;
  const count = Math.min(classes, width);
  const elements: string[] = [];
  for (let row = 0; row < rows; row++) {
    for (const index of highest(data.subarray(row * width, (row + 1) * width), count)) {
      elements.push(`${valueText(data[row * width + index] as number | bigint, datatype)}:${index}`);
    }
  }
  return { datatype: 'BYTES', shape: shape.length > 1 ? [rows, count] : [count], data: elements };
}

function highest(values: Numbers, count: number): number[] {
  const order = Array.from(values.keys());
  order.sort((a, b) => descending(values[a] as number | bigint, values[b] as number | bigint));
  return order.slice(0, count);
}

function descending(a: number | bigint, b: number | bigint): number {
  if (a > b) return -1;
  if (a < b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

function valueText(value: number | bigint, datatype: string): string {
  return datatype.startsWith('FP') ? (value as number).toFixed(DECIMALS) : String(value);
}
