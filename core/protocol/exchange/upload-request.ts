import { InvalidInputError } from '../../errors.ts';
import { parseDocument } from '../json-document.ts';
import { ProtocolError } from '../protocol-error.ts';

const MOST_UPLOADS = 16;

/**
 * Reads `{"uploads": [{"bytes": <size of the tensor>}, …]}`.
 *
 * @returns sizes in bytes
 * @throws InvalidInputError `INVALID_REQUEST`, `MALFORMED_JSON`
 * @throws ProtocolError `UPLOAD_TOO_LARGE` 413 when the sum is more than `maxBytes`
 */
export function readUploads(json: Uint8Array, maxBytes: number): number[] {
  const { value } = parseDocument(json);
  const uploads: unknown = isObject(value) ? value['uploads'] : undefined;
  if (!Array.isArray(uploads) || uploads.length === 0 || uploads.length > MOST_UPLOADS) {
    throw invalid(
      `The request must be a JSON object with "uploads", an array of 1 to ${MOST_UPLOADS} entries.`,
    );
  }
  const sizes = uploads.map((upload: unknown, index) => {
    const bytes = isObject(upload) ? upload['bytes'] : undefined;
    if (!Number.isSafeInteger(bytes) || (bytes as number) < 1) {
      throw invalid(`Entry ${index} of "uploads" must be an object with "bytes", an integer from 1 on.`);
    }
    return bytes as number;
  });
  if (sizes.reduce((sum, size) => sum + size, 0) > maxBytes) {
    throw new ProtocolError(
      'UPLOAD_TOO_LARGE',
      `The uploads have more than ${maxBytes} bytes together. Ask for fewer at once, or split the tensors.`,
      413,
    );
  }
  return sizes;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): InvalidInputError {
  return new InvalidInputError('INVALID_REQUEST', message);
}
