import { gunzipSync, inflateSync } from 'node:zlib';
import { InvalidInputError } from '../errors.ts';
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

function decompress({ headers, body }: ProtocolRequest, maxBytes: number): Uint8Array {
  if (body.length > maxBytes) throw tooLarge(maxBytes);
  const encoding = headers['content-encoding']?.trim().toLowerCase();
  switch (encoding) {
    case undefined:
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
    throw new InvalidInputError(
      'MALFORMED_COMPRESSION',
      `The body is not ${encoding} data, although Content-Encoding says so.`,
    );
  }
}

function tooLarge(maxBytes: number): ProtocolError {
  return new ProtocolError(
    'REQUEST_TOO_LARGE',
    `The request body is larger than ${maxBytes} bytes after decompression. Send fewer rows at once, or tensors as bytes instead of JSON.`,
    413,
  );
}
