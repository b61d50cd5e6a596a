import fc from 'fast-check';
import { ARRAYS } from '../../../../core/tensor/elements.ts';
import { fromHalf } from '../../../../core/tensor/half.ts';
import { DATATYPES, type Datatype, type Tensor, type TensorData } from '../../../../core/tensor/tensor.ts';

/** Any element that a tensor of the datatype can hold, as it stands in its array. */
function element(datatype: Datatype): fc.Arbitrary<number | bigint | string> {
  switch (datatype) {
    case 'BYTES':
      return fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'));
    case 'BOOL':
      return fc.integer({ min: 0, max: 1 });
    case 'INT64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'UINT64':
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case 'FP16':
      // One of the many NaN patterns is enough: JSON knows only one.
      return fc
        .integer({ min: 0, max: 0xffff })
        .map((bits) => (Number.isNaN(fromHalf(bits)) ? 0x7e00 : bits));
    case 'FP32':
      return fc.float();
    case 'FP64':
      return fc.double();
    default: {
      const limits = new ARRAYS[datatype](2);
      const bits = limits.BYTES_PER_ELEMENT * 8;
      const isSigned = datatype.startsWith('INT');
      return fc.integer({
        min: isSigned ? -(2 ** (bits - 1)) : 0,
        max: isSigned ? 2 ** (bits - 1) - 1 : 2 ** bits - 1,
      });
    }
  }
}

function dataOf(datatype: Datatype, elements: readonly (number | bigint | string)[]): TensorData {
  if (datatype === 'BYTES') return elements as string[];
  const data: { [index: number]: number | bigint } & TensorData = new ARRAYS[datatype](elements.length);
  for (const [i, value] of elements.entries()) data[i] = value as number | bigint;
  return data;
}

/** Tensors of one datatype, from scalars to four dimensions, empty ones among them. */
export function tensorOf(datatype: Datatype, rank?: number): fc.Arbitrary<Tensor> {
  const ranks = rank === undefined ? { maxLength: 4 } : { minLength: rank, maxLength: rank };
  return fc.array(fc.nat({ max: 4 }), ranks).chain((shape) => {
    const count = shape.reduce((product, length) => product * length, 1);
    return fc
      .array(element(datatype), { minLength: count, maxLength: count })
      .map((elements) => ({ datatype, shape, data: dataOf(datatype, elements) }));
  });
}

/** Tensors of all datatypes. */
export const tensor: fc.Arbitrary<Tensor> = fc
  .constantFrom(...DATATYPES)
  .chain((datatype) => tensorOf(datatype));

/** Cuts flat data into the nested arrays of a shape. */
export function nest(flat: readonly unknown[], shape: readonly number[]): unknown[] {
  const [length = 0, ...inner] = shape;
  if (inner.length === 0) return [...flat];
  const step = flat.length / length;
  return Array.from({ length }, (_, i) => nest(flat.slice(i * step, (i + 1) * step), inner));
}
