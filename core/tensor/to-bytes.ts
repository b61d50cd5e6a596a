import type { Tensor } from './tensor.ts';

/** Tensor data as little-endian bytes: a view of the same memory, except for BYTES. */
export function toBytes({ data }: Tensor): Uint8Array {
  return Array.isArray(data)
    ? prefixedStrings(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function prefixedStrings(elements: readonly string[]): Uint8Array {
  const lengths = elements.map((element) => Buffer.byteLength(element));
  const bytes = Buffer.allocUnsafe(lengths.reduce((total, length) => total + 4 + length, 0));
  let offset = 0;
  for (const [i, element] of elements.entries()) {
    offset = bytes.writeUInt32LE(lengths[i] as number, offset);
    offset += bytes.write(element, offset);
  }
  return bytes;
}
