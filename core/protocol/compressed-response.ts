import { promisify } from 'node:util';
import { constants, deflate, gzip } from 'node:zlib';
import { acceptedEncoding, type Coding } from './accept-encoding.ts';
import type { ProtocolResponse } from './http.ts';

/** A smaller body fits into one packet of the network anyhow. */
const LEAST_BYTES = 1400;

/** Numbers hardly shrink further at the higher levels, which take several times as long. */
const LEVEL = constants.Z_BEST_SPEED;

const COMPRESS: Readonly<Record<Coding, (body: Uint8Array, options: { level: number }) => Promise<Buffer>>> =
  {
    gzip: promisify(gzip),
    // What HTTP calls deflate is the zlib format. Source: RFC 9110 section 8.4.1.2.
    deflate: promisify(deflate),
  };

/**
 * The answer, compressed where the client asks for it and it pays. The header that gives the length of the JSON part
 * keeps counting uncompressed bytes.
 *
 * @param acceptEncoding the request's header
 */
export async function compressedResponse(
  response: ProtocolResponse,
  acceptEncoding: string | undefined,
): Promise<ProtocolResponse> {
  const isSmall = response.body.length < LEAST_BYTES;
  // Only a weight can forbid an answer as it is.
  if (acceptEncoding === undefined || (isSmall && !acceptEncoding.includes(';'))) return response;
  const { coding, allowsIdentity } = acceptedEncoding(acceptEncoding);
  if (coding === undefined || (allowsIdentity && isSmall)) return response;
  const body = await COMPRESS[coding](response.body, { level: LEVEL });
  if (allowsIdentity && body.length >= response.body.length) return response;
  return {
    ...response,
    headers: { ...response.headers, 'content-encoding': coding, vary: 'accept-encoding' },
    body,
  };
}
