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
  const jwksUri = elsewhere ? new URL(keys.pathname, cognitoEndpoint).href : issuer.jwksUri;
  // An issuer on this machine, for development. Others are asked by https alone: keys must not be changed on the way.
  const isHere = keys.protocol === 'http:' && isLoopback(keys.hostname);
  const verifier = JwtVerifier.create(
    {
      issuer: issuer.issuer,
      audience: issuer.audience ? [...issuer.audience] : null,
      jwksUri,
    },
    // The library's own fetcher speaks https only, which a local endpoint does not.
    elsewhere || isHere ? { jwksCache: new SimpleJwksCache({ fetcher: { fetch: fetchKeys } }) } : undefined,
  );
  return (token) => verifier.verify(token);
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

async function fetchKeys(uri: string): Promise<ArrayBuffer> {
  const response = await fetch(uri, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS), redirect: 'error' });
  if (!response.ok) throw new FetchError(uri, `status ${response.status}`);
  return response.arrayBuffer();
}
