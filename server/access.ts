import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Principal } from '../core/access/principal.ts';
import { ProtocolError } from '../core/protocol/protocol-error.ts';
import { SCOPES } from '../lib/contracts/access.ts';

/** Says who makes a request. @throws ProtocolError `UNAUTHENTICATED` 401 */
export type Access = (request: Pick<IncomingMessage, 'headers'>) => Promise<Principal>;

/** Whoever reaches the server may do everything. */
export const openAccess: Access = () => ANYBODY;

const ANYBODY = Promise.resolve<Principal>({ id: 'anonymous', scopes: SCOPES });

/** Whoever knows the token may do everything. */
export function tokenAccess(token: string): Access {
  const expected = digestOf(token);
  return async ({ headers }) => {
    const given = bearerToken(headers.authorization);
    // Of digests, so that the time tells nothing of the token, not even its length.
    if (given === undefined || !timingSafeEqual(digestOf(given), expected)) throw unauthorized();
    return { id: 'token', scopes: SCOPES };
  };
}

export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer (\S+)$/i.exec(header ?? '')?.[1];
}

export function unauthorized(): ProtocolError {
  return new ProtocolError(
    'UNAUTHENTICATED',
    'The request needs a valid token in the header "Authorization: Bearer <token>".',
    401,
    { 'www-authenticate': 'Bearer' },
  );
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
