import { InvalidInputError } from '../errors.ts';
import { ARRAYS } from './elements.ts';
import type { ExpectedTensor } from './expected-tensor.ts';
import type { TensorData } from './tensor.ts';

const LENGTH_BYTES = 4;

/**
 * Reads tensor data from its little-endian bytes. Fixed-size elements are a view of the same memory where it is aligned,
 * otherwise a copy. Machines that onnxruntime supports are little-endian.
 *
 * @throws InvalidInputError `DATA_SIZE_MISMATCH` when the bytes are more or fewer than the shape needs;
 * `INVALID_ELEMENT` for a BOOL that is neither 0 nor 1, and for BYTES that are not UTF-8 or hold a NUL character
 */
export function fromBytes(expected: ExpectedTensor, bytes: Uint8Array): TensorData {
  const { datatype, count } = expected;
  if (datatype === 'BYTES') return prefixedStrings(expected, bytes);
  const View = ARRAYS[datatype];
  const size = View.BYTES_PER_ELEMENT;
  if (bytes.length !== count * size) throw sizeMismatch(expected, `${count * size} bytes`, bytes.length);
  if (datatype === 'BOOL') refuseOtherThanBooleans(expected, bytes);
  return bytes.byteOffset % size === 0
    ? new View(bytes.buffer as ArrayBuffer, bytes.byteOffset, count)
    : new View(new Uint8Array(bytes).buffer);
}

/** One BYTES element that stands alone, without its length before it. */
export function bareString(expected: ExpectedTensor, bytes: Uint8Array): string[] {
  return [text(expected, 0, bytes)];
}

/** Elements of BYTES: each is its length (unsigned, 32 bits, little-endian) and so many bytes of UTF-8. */
function prefixedStrings(expected: ExpectedTensor, bytes: Uint8Array): string[] {
  const { count } = expected;
  const atLeast = count * LENGTH_BYTES;
  if (bytes.length < atLeast) throw sizeMismatch(expected, `at least ${atLeast} bytes`, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: string[] = [];
  let offset = 0;
  for (let i = 0; i < count; i++) {
    const start = offset + LENGTH_BYTES;
    const end = start <= bytes.length ? start + view.getUint32(offset, true) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) {
      throw new InvalidInputError(
        'DATA_SIZE_MISMATCH',
        `The bytes of ${expected.label} end inside element ${i} of ${count}. Check the length before each element (4 bytes, little-endian).`,
      );
    }
    elements.push(text(expected, i, bytes.subarray(start, end)));
    offset = end;
  }
  if (offset !== bytes.length) throw sizeMismatch(expected, `${offset} bytes`, bytes.length);
  return elements;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function text(expected: ExpectedTensor, index: number, bytes: Uint8Array): string {
  let decoded: string;
  try {
    decoded = utf8.decode(bytes);
  } catch {
    throw invalid(expected, index, 'is not UTF-8, and the runtime carries no other bytes');
  }
  if (decoded.includes('\0'))
    throw invalid(expected, index, 'holds a NUL character, where the runtime would cut it');
  return decoded;
}

function refuseOtherThanBooleans(expected: ExpectedTensor, bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) {
    if ((bytes[i] as number) > 1) throw invalid(expected, i, `is the byte ${bytes[i]}; BOOL needs 0 or 1`);
  }
}

function invalid({ label }: ExpectedTensor, index: number, fault: string): InvalidInputError {
  return new InvalidInputError('INVALID_ELEMENT', `Element ${index} of ${label} ${fault}.`);
}

function sizeMismatch(
  { label, shape, datatype }: ExpectedTensor,
  wanted: string,
  actual: number,
): InvalidInputError {
  return new InvalidInputError(
    'DATA_SIZE_MISMATCH',
    `Unexpected size for ${label}: shape [${shape.join(', ')}] of ${datatype} needs ${wanted}, got ${actual}.`,
  );
}
