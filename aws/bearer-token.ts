import { FetchError, JwtBaseError } from 'aws-jwt-verify/error';
import type { JwtPayload } from 'aws-jwt-verify/jwt-model';
import type { TokenIssuer } from '../lib/contracts/access.ts';
import { type Bearer, bearerOf } from './token-claims.ts';
import type { VerifyToken } from './token-verifier.ts';

/** The token proves nothing; the message says why, for the log. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
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
): Promise<Bearer> {
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
  return bearer;
}

async function verifiedClaims(header: string, verify: VerifyToken): Promise<JwtPayload> {
  const token = /^Bearer (\S+)$/i.exec(header)?.[1];
  if (!token) throw new TokenRefusedError('not a bearer token');
  try {
    return await verify(token);
  } catch (error) {
    // Keys that cannot be fetched say nothing of the token.
    if (error instanceof JwtBaseError && !(error instanceof FetchError))
      throw new TokenRefusedError(error.name);
    throw error;
  }
}
