import type { JwtPayload } from 'aws-jwt-verify/jwt-model';
import { SCOPES, type Scope, type TokenIssuer } from '../lib/contracts/access.ts';

/** What a verified token says of its bearer. */
export interface Bearer {
  /** Empty when the token names nobody. */
  readonly principal: string;
  /** In our order, without what we do not know. */
  readonly scopes: readonly Scope[];
  readonly groups: readonly string[];
}

/** Reads the claims that count for the issuer. A claim of another form than expected counts for nothing. */
export function bearerOf(claims: JwtPayload, issuer: TokenIssuer): Bearer {
  const carried = new Set(
    issuer.scopeClaims.flatMap(({ claim, prefix }) =>
      textsOf(claimOf(claims, claim))
        .filter((scope) => scope.startsWith(prefix))
        .map((scope) => scope.slice(prefix.length)),
    ),
  );
  const groups = issuer.groupsClaim === undefined ? undefined : claimOf(claims, issuer.groupsClaim);
  return {
    principal: principalOf(claims, issuer.principalClaim),
    scopes: SCOPES.filter((scope) => carried.has(scope)),
    groups: Array.isArray(groups) ? texts(groups) : typeof groups === 'string' && groups ? [groups] : [],
  };
}

function principalOf(claims: JwtPayload, claim: string | undefined): string {
  const named = claim === undefined ? (claims.sub ?? claims['client_id']) : claimOf(claims, claim);
  return typeof named === 'string' ? named : '';
}

/** Scopes come as OAuth 2.0 writes them (RFC 6749, section 3.3), or as an array. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) ? texts(value) : [];
}

function texts(values: readonly unknown[]): string[] {
  return values.filter((value) => typeof value === 'string');
}

/** @param name of a claim; with a slash before it, a JSON Pointer (RFC 6901) */
function claimOf(claims: JwtPayload, name: string): unknown {
  if (!name.startsWith('/')) return ownValue(claims, name);
  return name
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>(ownValue, claims);
}

function ownValue(holder: unknown, name: string): unknown {
  return typeof holder === 'object' && holder !== null && Object.hasOwn(holder, name)
    ? (holder as Record<string, unknown>)[name]
    : undefined;
}
