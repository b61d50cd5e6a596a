import type { Scope } from '../../lib/contracts/access.ts';
import { AccessRefusedError, type AccessTarget } from './access-refused-error.ts';
import type { Principal } from './principal.ts';

/**
 * What a caller wants to do with models: run them, read what they are and whether they are ready, or change what the
 * service holds; read and write the registry's records, decide what is in production, or move aliases, which is one or
 * the other.
 */
export type Action = 'infer' | 'describe' | 'administer' | 'read' | 'write' | 'deploy' | 'move';

/** Any one of the scopes is enough. The first is the one to ask for. */
const SUFFICIENT_SCOPES: Readonly<Record<Action, readonly [Scope, ...Scope[]]>> = {
  infer: ['infer', 'admin'],
  describe: ['infer', 'registry.read', 'admin'],
  administer: ['admin'],
  read: ['registry.read', 'admin'],
  write: ['registry.write', 'admin'],
  deploy: ['deploy', 'admin'],
  move: ['registry.write', 'deploy', 'admin'],
};

/**
 * Decides by scopes alone, which is all there is to decide where no model is named.
 *
 * @param target named in the refusal; no part of the decision
 * @returns those of the caller's scopes that allow the action; at least one
 * @throws AccessRefusedError that names the scopes of which one is needed
 */
export function authorise(principal: Principal, action: Action, target?: AccessTarget): readonly Scope[] {
  const sufficient = SUFFICIENT_SCOPES[action];
  const held = sufficient.filter((scope) => principal.scopes.includes(scope));
  if (held.length > 0) return held;
  const names = sufficient.map((scope) => `"${scope}"`).join(' or ');
  throw new AccessRefusedError(`This needs the scope ${names}. Ask for a token that carries it.`, {
    reason: 'scope',
    action,
    ...target,
  });
}
