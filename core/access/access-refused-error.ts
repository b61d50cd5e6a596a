import { PermissionDeniedError } from '../errors.ts';
import type { Action } from './authorise.ts';

/** What was refused, for the log and the count: names that the caller gave, never anything of the token. */
export interface Refusal {
  /** `scope`: the token carries none that would do. `rule`: it does, but no access rule allows this model or version. */
  readonly reason: 'scope' | 'rule';
  readonly action: Action;
  /** As the caller named it; whether it exists was not looked at. */
  readonly model?: string;
  /** Number or alias as the caller named it. */
  readonly version?: string;
}

/** The caller is known and may not do this (403). */
export class AccessRefusedError extends PermissionDeniedError {
  override readonly name: string = 'AccessRefusedError';

  constructor(
    message: string,
    readonly refusal: Refusal,
  ) {
    super(message);
  }
}
