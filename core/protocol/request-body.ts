import { createGunzip, createInflate, gunzipSync, inflateSync } from 'node:zlib';
import { InvalidInputError, StrataError } from '../errors.ts';
import type { ProtocolRequest } from './http.ts';
import { ProtocolError } from './protocol-error.ts';

export const JSON_LENGTH_HEADER = 'inference-header-content-length';

const NO_BYTES = new Uint8Array(0);

/** A request body in its two parts. */
export interface RequestBody {
  readonly json: Uint8Array;
  /** Bytes of tensors behind the JSON part. */
  readonly binary: Uint8Array;
  /** The whole body is the bytes of the model's only input: the client declared a JSON part of length 0. */
  readonly isRaw: boolean;
}

/**
 * Undoes the content encoding and separates the JSON part from the bytes of tensors.
 *
 * @param maxBytes largest body after decompression
 * @throws InvalidInputError `INVALID_HEADER_LENGTH`, `MALFORMED_COMPRESSION`
 * @throws ProtocolError `REQUEST_TOO_LARGE` 413, `UNSUPPORTED_ENCODING` 415
 */
export function readBody(request: ProtocolRequest, maxBytes: number): RequestBody {
  const body = decompress(request, maxBytes);
  const declared = request.headers[JSON_LENGTH_HEADER];
  if (declared === undefined) return { json: body, binary: NO_BYTES, isRaw: false };
  const length = /^\d+$/.test(declared) ? Number(declared) : Number.NaN;
  if (!(length <= body.length)) {
    throw new InvalidInputError(
      'INVALID_HEADER_LENGTH',
      `Inference-Header-Content-Length must be the length in bytes of the JSON part, from 0 to the length of the body (${body.length}).`,
    );
  }
  return { json: body.subarray(0, length), binary: body.subarray(length), isRaw: length === 0 };
}

/** What unpacks to no more is unpacked at once, within a millisecond or two; the rest on threads of Node's. */
const AT_ONCE = 2 ** 20;

/** What of a large body is unpacked and counted at a time. */
const STEP = 2 ** 18;

/**
 * Undoes the content encoding without keeping other requests waiting, and counts what comes out as it comes.
 *
 * @param maxBytes largest body after decompression
 * @throws InvalidInputError `MALFORMED_COMPRESSION`
 * @throws ProtocolError `REQUEST_TOO_LARGE` 413, `UNSUPPORTED_ENCODING` 415
 * @throws UnavailableError `OVERLOADED`
 */
export async function unpacked(request: ProtocolRequest, maxBytes: number): Promise<ProtocolRequest> {
  const headers = { ...request.headers, 'content-encoding': undefined };
  try {
    const body = decompress(request, Math.min(AT_ONCE, maxBytes));
    if (body !== request.body) request.memory?.take(body.length);
    return { ...request, headers, body };
  } catch (error) {
    const isLarger = error instanceof ProtocolError && error.code === 'REQUEST_TOO_LARGE';
    if (!isLarger || request.body.length > maxBytes) throw error;
  }
  return { ...request, headers, body: await unpackedInSteps(request, maxBytes) };
}

async function unpackedInSteps(
  { headers, body, memory }: ProtocolRequest,
  maxBytes: number,
): Promise<Uint8Array> {
  const encoding = encodingOf(headers);
  if (encoding === '' || encoding === 'identity') return body;
  const stream =
    encoding === 'deflate' ? createInflate({ chunkSize: STEP }) : createGunzip({ chunkSize: STEP });
  const parts: Uint8Array[] = [];
  let size = 0;
  stream.end(body);
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      memory?.take(part.length);
      parts.push(part);
    }
  } catch (error) {
    throw error instanceof StrataError ? error : malformed(encoding);
  }
  return Buffer.concat(parts, size);
}

function encodingOf(headers: ProtocolRequest['headers']): string {
  return headers['content-encoding']?.trim().toLowerCase() ?? '';
}

function decompress({ headers, body }: ProtocolRequest, maxBytes: number): Uint8Array {
  if (body.length > maxBytes) throw tooLarge(maxBytes);
  const encoding = encodingOf(headers);
  switch (encoding) {
    case '':
    case 'identity':
      return body;
    case 'gzip':
    case 'x-gzip':
      return inflate(gunzipSync, body, maxBytes, encoding);
    case 'deflate':
      return inflate(inflateSync, body, maxBytes, encoding);
    default:
      throw new ProtocolError(
        'UNSUPPORTED_ENCODING',
        'The Content-Encoding must be gzip, deflate or identity.',
        415,
        { 'accept-encoding': 'gzip, deflate' },
      );
  }
}

function inflate(
  algorithm: typeof gunzipSync,
  body: Uint8Array,
  maxBytes: number,
  encoding: string,
): Uint8Array {
  try {
    return algorithm(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(maxBytes);
    throw malformed(encoding);
  }
}

function malformed(encoding: string): InvalidInputError {
  return new InvalidInputError(
    'MALFORMED_COMPRESSION',
    `The body is not ${encoding} data, although Content-Encoding says so.`,
  );
}

function tooLarge(maxBytes: number): ProtocolError {
  return new ProtocolError(
    'REQUEST_TOO_LARGE',
    `The request body is larger than ${maxBytes} bytes after decompression. Send fewer rows at once, or tensors as bytes instead of JSON.`,
    413,
  );
}
