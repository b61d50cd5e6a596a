import { JwtVerifier } from 'aws-jwt-verify';
import { FetchError } from 'aws-jwt-verify/error';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import type { JwtPayload } from 'aws-jwt-verify/jwt-model';
import type { TokenIssuer } from '../lib/contracts/access.ts';

/** Verifies signature, issuer, audience and time of a token. @throws JwtBaseError of aws-jwt-verify */
export type VerifyToken = (token: string) => Promise<JwtPayload>;

const COGNITO_HOST = /^cognito-idp\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/;
const FETCH_TIMEOUT_MS = 3_000;

/**
 * @param cognitoEndpoint where Cognito is asked for its keys instead of at its public address
 */
export function tokenVerifier(issuer: TokenIssuer, cognitoEndpoint?: string): VerifyToken {
  const keys = new URL(issuer.jwksUri);
  const elsewhere = cognitoEndpoint !== undefined && COGNITO_HOST.test(keys.host);
  const verifier = JwtVerifier.create(
    {
      issuer: issuer.issuer,
      audience: issuer.audience ? [...issuer.audience] : null,
      jwksUri: elsewhere ? new URL(keys.pathname, cognitoEndpoint).href : issuer.jwksUri,
    },
    // The library's own fetcher speaks https only, which a local endpoint does not.
    elsewhere ? { jwksCache: new SimpleJwksCache({ fetcher: { fetch: fetchKeys } }) } : undefined,
  );
  return (token) => verifier.verify(token);
}

async function fetchKeys(uri: string): Promise<ArrayBuffer> {
  const response = await fetch(uri, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS), redirect: 'error' });
  if (!response.ok) throw new FetchError(uri, `status ${response.status}`);
  return response.arrayBuffer();
}
