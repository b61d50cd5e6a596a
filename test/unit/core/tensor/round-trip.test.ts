import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocument } from '../../../../core/protocol/json-document.ts';
import type { ExpectedTensor } from '../../../../core/tensor/expected-tensor.ts';
import { fromBytes } from '../../../../core/tensor/from-bytes.ts';
import { fromJson } from '../../../../core/tensor/from-json.ts';
import { DATATYPES, type Tensor, type TensorData } from '../../../../core/tensor/tensor.ts';
import { toBytes } from '../../../../core/tensor/to-bytes.ts';
import { toJson } from '../../../../core/tensor/to-json.ts';
import { nest, tensorOf } from './tensors.ts';

const expectedOf = ({ datatype, shape, data }: Tensor): ExpectedTensor => ({
  label: 'input "x"',
  datatype,
  shape,
  count: data.length,
});

function readJson(tensor: Tensor, text: string, shape: readonly number[] = []): TensorData {
  const { value, exact } = parseDocument(Buffer.from(text));
  const form = (data: unknown) => (shape.length > 1 ? nest(data as unknown[], shape) : (data as unknown[]));
  return fromJson(expectedOf(tensor), { data: form(value), exact: () => form(exact()) });
}

describe.each(DATATYPES)('%s', (datatype) => {
  it('is the same after flat JSON', () => {
    fc.assert(
      fc.property(tensorOf(datatype), (tensor) => {
        expect(readJson(tensor, toJson(tensor))).toEqual(tensor.data);
      }),
    );
  });

  it('is the same after nested JSON', () => {
    fc.assert(
      fc.property(tensorOf(datatype), (tensor) => {
        expect(readJson(tensor, toJson(tensor), tensor.shape)).toEqual(tensor.data);
      }),
    );
  });

  it('is the same after bytes at any alignment', () => {
    fc.assert(
      fc.property(tensorOf(datatype), fc.nat({ max: 8 }), (tensor, at) => {
        const bytes = toBytes(tensor);
        const memory = new Uint8Array(at + bytes.length);
        memory.set(bytes, at);
        expect(fromBytes(expectedOf(tensor), memory.subarray(at))).toEqual(tensor.data);
      }),
    );
  });
});
