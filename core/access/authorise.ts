import type { Scope } from '../../lib/contracts/access.ts';
import { PermissionDeniedError } from '../errors.ts';
import type { Principal } from './principal.ts';

/**
 * What a caller wants to do with models: run them, read what they are and whether they are ready, or change what the
 * service holds.
 */
export type Action = 'infer' | 'describe' | 'administer';

/** Any one of the scopes is enough. The first is the one to ask for. */
const SUFFICIENT_SCOPES: Readonly<Record<Action, readonly [Scope, ...Scope[]]>> = {
  infer: ['infer', 'admin'],
  describe: ['infer', 'registry.read', 'admin'],
  administer: ['admin'],
};

/** @throws PermissionDeniedError that names the scopes of which one is needed */
export function authorise(principal: Principal, action: Action): void {
  const sufficient = SUFFICIENT_SCOPES[action];
  if (sufficient.some((scope) => principal.scopes.includes(scope))) return;
  const names = sufficient.map((scope) => `"${scope}"`).join(' or ');
  throw new PermissionDeniedError(`This needs the scope ${names}. Ask for a token that carries it.`);
}
