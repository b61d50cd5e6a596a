import type { ModelDescription } from '../onnx/model-description.ts';
import { elementCount } from '../tensor/elements.ts';
import type { Tensor, TensorData } from '../tensor/tensor.ts';

/** A result has another number of rows than went in: the model does not treat axis 0 as rows. */
export class UnsplittableError extends Error {
  override readonly name = 'UnsplittableError';
}

/**
 * Whether requests to the model may be run as one, along axis 0: that axis is free in all its inputs and outputs.
 * Necessary, not sufficient: a file does not say whether its rows are independent of each other.
 */
export function canMerge({ inputs, outputs }: Pick<ModelDescription, 'inputs' | 'outputs'>): boolean {
  const required = inputs.filter(({ optional }) => !optional);
  return required.length > 0 && [...required, ...outputs].every(({ shape }) => shape[0] === -1);
}

/** Rows of a request: the length of axis 0 where all its inputs agree in it; otherwise undefined. */
export function rowsOf(inputs: ReadonlyMap<string, Tensor>): number | undefined {
  const [first, ...rest] = inputs.values();
  const rows = first?.shape[0];
  return rest.every(({ shape }) => shape[0] === rows) ? rows : undefined;
}

/** What decides whether requests can be merged with each other. */
export type Kind = ReadonlyMap<string, Pick<Tensor, 'datatype' | 'shape'>>;

/** Requests of the same kind can be merged: same inputs, of the same datatypes and the same shapes behind axis 0. */
export function kindOf(inputs: Kind): string {
  const kinds: string[] = [];
  for (const [name, { datatype, shape }] of inputs) {
    // The length says where the name ends, whatever it holds.
    let kind = `${name.length} ${name} ${datatype}`;
    for (let axis = 1; axis < shape.length; axis++) kind += ` ${shape[axis]}`;
    kinds.push(kind);
  }
  return kinds.sort().join('\n');
}

/** Whether `kindOf` is the same for both. */
export function isOfKind(inputs: Kind, other: Kind): boolean {
  if (inputs.size !== other.size) return false;
  for (const [name, { datatype, shape }] of inputs) {
    const known = other.get(name);
    if (known?.datatype !== datatype || known.shape.length !== shape.length) return false;
    for (let axis = 1; axis < shape.length; axis++) if (known.shape[axis] !== shape[axis]) return false;
  }
  return true;
}

/**
 * Puts the rows of several requests behind one another, in new memory.
 *
 * @param requests at least one, all of one `kindOf`, each with `rowsOf`
 */
export function mergeInputs(requests: readonly ReadonlyMap<string, Tensor>[]): Map<string, Tensor> {
  const [first, ...rest] = requests;
  if (!first) throw new RangeError('there is nothing to merge');
  return new Map(
    [...first].map(([name, tensor]) => [
      name,
      stacked([tensor, ...rest.map((inputs) => inputOf(inputs, name))]),
    ]),
  );
}

/**
 * Gives each request its rows of the results, as views of the same memory.
 *
 * @param rows of each request, in the order in which they were merged
 * @throws UnsplittableError
 */
export function splitOutputs(
  outputs: ReadonlyMap<string, Tensor>,
  rows: readonly number[],
): Map<string, Tensor>[] {
  const total = rows.reduce((sum, count) => sum + count, 0);
  const parts = rows.map(() => new Map<string, Tensor>());
  for (const [name, tensor] of outputs) {
    const take = rowsOfOutput(name, tensor, total);
    let start = 0;
    for (const [index, count] of rows.entries()) {
      parts[index]?.set(name, take(start, count));
      start += count;
    }
  }
  return parts;
}

/**
 * What gives rows of an output, as views of the same memory.
 *
 * @param rows that went in
 * @throws UnsplittableError
 */
export function rowsOfOutput(
  name: string,
  { datatype, shape, data }: Tensor,
  rows: number,
): (start: number, count: number) => Tensor {
  if (shape[0] !== rows) {
    throw new UnsplittableError(
      `${rows} rows went in, and output ${JSON.stringify(name)} has the shape [${shape.join(', ')}]`,
    );
  }
  const inner = shape.slice(1);
  const width = elementCount(inner) ?? 0;
  return (start, count) => ({
    datatype,
    shape: [count, ...inner],
    data: part(data, start * width, (start + count) * width),
  });
}

function inputOf(inputs: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = inputs.get(name);
  if (!tensor) throw new RangeError(`a request without the input ${JSON.stringify(name)} cannot be merged`);
  return tensor;
}

function stacked(tensors: readonly [Tensor, ...Tensor[]]): Tensor {
  const { datatype, shape } = tensors[0];
  const rows = tensors.reduce((sum, tensor) => sum + (tensor.shape[0] ?? 0), 0);
  return { datatype, shape: [rows, ...shape.slice(1)], data: concatenated(tensors.map(({ data }) => data)) };
}

function concatenated(parts: readonly TensorData[]): TensorData {
  const [first] = parts;
  if (first === undefined || Array.isArray(first)) return (parts as string[][]).flat();
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const Elements = first.constructor as new (length: number) => Float32Array;
  const whole = new Elements(size);
  let offset = 0;
  for (const data of parts as Float32Array[]) {
    whole.set(data, offset);
    offset += data.length;
  }
  return whole;
}

function part(data: TensorData, start: number, end: number): TensorData {
  return Array.isArray(data) ? data.slice(start, end) : data.subarray(start, end);
}
