import { authorise } from '../../access/authorise.ts';
import type { Principal } from '../../access/principal.ts';
import { errorResponse, isFailureOfService } from '../error-response.ts';
import type { ProtocolRequest, ProtocolResponse } from '../http.ts';
import { ProtocolError } from '../protocol-error.ts';
import { readBody } from '../request-body.ts';
import { referenceTo, uploadKey } from './exchange-key.ts';
import { REFERENCE_PARAMETER, SIZE_PARAMETER } from './referenced-input.ts';
import { readUploads } from './upload-request.ts';

/** Makes URLs by which somebody without credentials can put one object of a known size. */
export interface UploadSigner {
  /** Name of the bucket, as it stands in references. */
  readonly bucket: string;
  /** For how long a URL can be used. */
  readonly expirySeconds: number;
  signUpload(key: string, bytes: number): Promise<string>;
}

export interface ExchangeServerOptions {
  readonly signer: UploadSigner;
  /** Largest sum of the uploads of one request, in bytes. */
  readonly maxUploadBytes: number;
  /** Wall clock, milliseconds since 1970. */
  readonly now: () => number;
  /** Makes the last part of keys: letters, digits, `-`, `_`, 64 at most, not to be guessed. */
  readonly newId: () => string;
  /** Hears of each failure that is not the caller's. */
  readonly onInternalError?: (error: unknown) => void;
}

const PATH = '/strata/v1/exchange';

/** Sixteen sizes take less. */
const MAX_REQUEST_BYTES = 64 * 1024;

/** Answers `POST /strata/v1/exchange`: where a caller may put tensors, and what to write into the request then. Never throws. */
export class ExchangeServer {
  constructor(private readonly options: ExchangeServerOptions) {}

  async handle(request: ProtocolRequest, principal: Principal): Promise<ProtocolResponse> {
    try {
      checkRoute(request);
      authorise(principal, 'infer');
      return json({ uploads: await this.#uploads(request, principal) });
    } catch (error) {
      if (isFailureOfService(error)) this.options.onInternalError?.(error);
      return errorResponse(error, request.requestId);
    }
  }

  async #uploads(request: ProtocolRequest, principal: Principal): Promise<object[]> {
    const { signer, maxUploadBytes, now, newId } = this.options;
    const sizes = readUploads(readBody(request, MAX_REQUEST_BYTES).json, maxUploadBytes);
    const expires = new Date(now() + signer.expirySeconds * 1000).toISOString();
    return await Promise.all(
      sizes.map(async (bytes) => {
        const key = uploadKey(principal.id, newId());
        return {
          method: 'PUT',
          url: await signer.signUpload(key, bytes),
          headers: { 'content-length': String(bytes) },
          expires_at: expires,
          parameters: { [REFERENCE_PARAMETER]: referenceTo(signer.bucket, key), [SIZE_PARAMETER]: bytes },
        };
      }),
    );
  }
}

function checkRoute({ path, method }: ProtocolRequest): void {
  if (path !== PATH) throw new ProtocolError('ENDPOINT_NOT_FOUND', 'Not Found', 404);
  if (method !== 'POST') {
    throw new ProtocolError('METHOD_NOT_ALLOWED', 'Method Not Allowed', 405, { allow: 'POST' });
  }
}

function json(document: unknown): ProtocolResponse {
  return {
    status: 200,
    // The URLs are secrets for as long as they work.
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: Buffer.from(JSON.stringify(document)),
  };
}
