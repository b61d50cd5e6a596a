import { hash } from 'node:crypto';
import * as z from 'zod';
import { TokenRefusedError, verifiedBearer } from '../aws/bearer-token.ts';
import { tokenVerifier } from '../aws/token-verifier.ts';
import type { Principal } from '../core/access/principal.ts';
import { InvalidInputError, UnavailableError } from '../core/errors.ts';
import { RecentlyUsed } from '../core/registry/recently-used.ts';
import { RESOURCE_SERVER, type TokenIssuer } from '../lib/contracts/access.ts';
import { type Access, unauthorized } from './access.ts';

export interface OidcSettings {
  /** `iss` of the tokens; below it is the issuer's discovery document. */
  readonly issuer: string;
  /** Accepted `aud`. @default - any: Cognito writes none into access tokens */
  readonly audience?: string | undefined;
}

const DISCOVERY_TIMEOUT_MS = 5_000;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });

/**
 * Whoever has an access token of the issuer may do what its scopes say (claim `scope`, `strata/<scope>` or the bare name;
 * or a group of the same name in `cognito:groups` or `groups`).
 *
 * @throws InvalidInputError `INVALID_ISSUER` when there is no issuer at the address
 */
export async function oidcAccess({ issuer, audience }: OidcSettings): Promise<Access> {
  const { jwks_uri: jwksUri } = await discover(issuer);
  const settings: TokenIssuer = {
    issuer,
    jwksUri,
    ...(audience !== undefined && { audience: [audience] }),
    scopeClaims: [
      { claim: 'scope', prefix: `${RESOURCE_SERVER}/` },
      { claim: 'scope', prefix: '' },
      { claim: 'cognito:groups', prefix: '' },
      { claim: 'groups', prefix: '' },
    ],
    groupsClaim: issuer.includes('cognito-idp.') ? 'cognito:groups' : 'groups',
  };
  return bearerAccess(settings);
}

/**
 * For how long a token that was verified is not verified again, unless it ends before: checking a signature takes longer
 * than running a small model.
 */
const VERIFIED_MS = 10_000;

/** Callers whose tokens are remembered. */
const CALLERS = 1000;

/**
 * @param keysEndpoint where Cognito is asked for its keys instead of at its public address
 * @param now clock in milliseconds
 */
export function bearerAccess(
  issuer: TokenIssuer,
  keysEndpoint?: string,
  now: () => number = () => performance.now(),
): Access {
  const verify = tokenVerifier(issuer, keysEndpoint);
  const verified = new RecentlyUsed<string, { readonly principal: Principal; readonly until: number }>(
    CALLERS,
  );
  return async ({ headers }) => {
    const header = headers.authorization ?? '';
    const key = hash('sha256', header);
    const known = verified.get(key);
    if (known && now() < known.until) return known.principal;
    try {
      const { principal: id, scopes, groups, expiresAt } = await verifiedBearer(header, issuer, verify);
      const principal: Principal = { id, scopes, groups };
      verified.set(key, { principal, until: now() + Math.min(VERIFIED_MS, expiresAt * 1000 - Date.now()) });
      return principal;
    } catch (error) {
      if (error instanceof TokenRefusedError) throw unauthorized();
      throw new UnavailableError(
        'ISSUER_UNAVAILABLE',
        'The keys of the token issuer cannot be fetched now. Try again in a moment.',
        { cause: error },
      );
    }
  };
}

async function discover(issuer: string): Promise<z.infer<typeof discovery>> {
  const address = `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`;
  try {
    const response = await fetch(address, {
      signal: AbortSignal.timeout(DISCOVERY_TIMEOUT_MS),
      redirect: 'error',
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const document = discovery.parse(await response.json());
    if (document.issuer !== issuer) throw new Error(`it calls itself ${document.issuer}`);
    return document;
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? 'it is no discovery document' : (cause as Error).message;
    throw new InvalidInputError(
      'INVALID_ISSUER',
      `The token issuer does not answer at ${address} (${reason}). Give the exact "iss" of its tokens.`,
      { cause },
    );
  }
}
