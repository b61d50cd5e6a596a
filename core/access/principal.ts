import type { Scope } from '../../lib/contracts/access.ts';

/** Who calls, as the authorizer verified it. */
export interface Principal {
  /** Subject of a person, client id of a machine. */
  readonly id: string;
  readonly scopes: readonly Scope[];
  /** Groups that the token names; only access rules look at them. Absent: none. */
  readonly groups?: readonly string[];
}
