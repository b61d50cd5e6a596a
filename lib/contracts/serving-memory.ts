const MIB = 1024 * 1024;

/** Body of a request, decompressed, at most: Lambda takes 6 MB on the wire, and JSON beyond this takes seconds to parse. */
const LARGEST_REQUEST = 32 * MIB;

/**
 * Share of the function's memory that the body of one request may take when it is decompressed. As JSON it takes up to
 * seven times that until it is tensors (225 MB more were measured for 32 MB of one-digit numbers), arrays of arrays more.
 */
const REQUEST_SHARE = 1 / 32;

/**
 * Share of the function's memory that the tensors of one request may take. With outputs of the same size they take three
 * times that at the peak of a request, and five times while garbage of the one before is still there (measured with an
 * identity model): a third of the memory, beside open models, which take up to half.
 */
const EXCHANGE_SHARE = 1 / 16;

/** Largest body of a request after decompression, in bytes, that a function with so much memory takes. */
export function requestBytes(memoryMegabytes: number): number {
  return Math.min(LARGEST_REQUEST, Math.floor(memoryMegabytes * MIB * REQUEST_SHARE));
}

/** Largest sum of the tensors in bytes that one request may refer to, in a function with so much memory. */
export function exchangeBytes(memoryMegabytes: number): number {
  return Math.floor(memoryMegabytes * MIB * EXCHANGE_SHARE);
}
