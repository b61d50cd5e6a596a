import type { IncomingMessage } from 'node:http';
import { StrataError } from '../core/errors.ts';
import { ProtocolError } from '../core/protocol/protocol-error.ts';

/** The client went away, or took too long: there is nobody to answer. */
export function clientGone(): StrataError {
  return new StrataError('CLIENT_GONE', 'The client closed the connection.', { statusCode: 499 });
}

/**
 * Reads a body into memory of its own, so that its tensors can be handed to another thread without a copy.
 *
 * @throws ProtocolError `REQUEST_TOO_LARGE` 413, at the first byte too many
 */
export function readRequestBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const declared = Number(request.headers['content-length'] ?? Number.NaN);
  if (declared > maxBytes) return Promise.reject(tooLarge(maxBytes));
  if (declared === 0 || (Number.isNaN(declared) && request.headers['transfer-encoding'] === undefined))
    return Promise.resolve(new Uint8Array(0));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        request.removeAllListeners('data');
        reject(tooLarge(maxBytes));
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(joined(chunks, size)));
    request.on('close', () => {
      if (!request.complete) reject(clientGone());
    });
    request.on('error', () => reject(clientGone()));
  });
}

/** A small body is one piece of what came in on the socket: nobody hands that over, so it may stay there. */
function joined(chunks: readonly Buffer[], size: number): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first && size < 16_384) return first;
  const whole = Buffer.allocUnsafeSlow(size);
  let offset = 0;
  for (const chunk of chunks) offset += chunk.copy(whole, offset);
  return whole;
}

function tooLarge(maxBytes: number): ProtocolError {
  return new ProtocolError(
    'REQUEST_TOO_LARGE',
    `The request body is larger than ${maxBytes} bytes. Send fewer rows at once, or tensors as bytes instead of JSON.`,
    413,
  );
}
