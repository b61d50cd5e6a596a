import { FetchError, JwksValidationError, JwkValidationError, JwtBaseError } from 'aws-jwt-verify/error';
import type { JwtPayload } from 'aws-jwt-verify/jwt-model';
import type { TokenIssuer } from '../lib/contracts/access.ts';
import { type Bearer, bearerOf } from './token-claims.ts';
import type { VerifyToken } from './token-verifier.ts';

/** The token proves nothing; the message says why, for the log. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
}

export interface VerifiedBearer extends Bearer {
  /** End of the token, in seconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Who sends a token.
 *
 * @param header value of `Authorization`
 * @throws TokenRefusedError when the token is not valid; any other error means that this could not be found out
 */
export async function verifiedBearer(
  header: string,
  issuer: TokenIssuer,
  verify: VerifyToken,
): Promise<VerifiedBearer> {
  const claims = await verifiedClaims(header, verify);
  const client = claims['client_id'];
  if (issuer.clientIds && !(typeof client === 'string' && issuer.clientIds.includes(client))) {
    throw new TokenRefusedError('the token was issued to another client');
  }
  // Identity tokens of Cognito are signed by the same keys and say who somebody is, not what they may do.
  if (claims['token_use'] !== undefined && claims['token_use'] !== 'access') {
    throw new TokenRefusedError('not an access token');
  }
  const bearer = bearerOf(claims, issuer);
  if (!bearer.principal) throw new TokenRefusedError('the token names nobody');
  return { ...bearer, expiresAt: claims.exp };
}

async function verifiedClaims(
  header: string,
  verify: VerifyToken,
): Promise<JwtPayload & { readonly exp: number }> {
  const token = /^Bearer (\S+)$/i.exec(header)?.[1];
  if (!token) throw new TokenRefusedError('not a bearer token');
  const claims = await verify(token).catch((error: unknown) => {
    throw error instanceof JwtBaseError && !isAboutKeys(error) ? new TokenRefusedError(error.name) : error;
  });
  // The verifier looks at the end where there is one; RFC 9068, section 2.2, demands it of access tokens.
  const { exp } = claims;
  if (typeof exp !== 'number') throw new TokenRefusedError('the token never expires');
  return { ...claims, exp };
}

/**
 * Keys that cannot be fetched or read say nothing of the token. A key that is not among them does: whoever sends tokens
 * with invented key ids shall not look like an outage of ours.
 */
function isAboutKeys(error: JwtBaseError): boolean {
  return [FetchError, JwksValidationError, JwkValidationError].some((kind) => error instanceof kind);
}
