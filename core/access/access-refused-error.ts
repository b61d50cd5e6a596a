import { PermissionDeniedError } from '../errors.ts';
import type { Action } from './authorise.ts';

/** What an action is about. */
export interface AccessTarget {
  readonly model: string;
  /** Number or alias as the request names it; absent: the alias `champion`. */
  readonly version?: string;
}

/**
 * What was refused, for the log and the count: names that the caller gave, whether or not they exist, and never anything
 * of the token.
 */
export interface Refusal extends Partial<AccessTarget> {
  /** `scope`: the token carries none that would do. `rule`: it does, but no access rule allows this model or version. */
  readonly reason: 'scope' | 'rule';
  readonly action: Action;
}

/** No name is longer; what a caller makes up may be. */
const LONGEST_NAME = 255;

/** The caller is known and may not do this (403). */
export class AccessRefusedError extends PermissionDeniedError {
  override readonly name: string = 'AccessRefusedError';

  readonly refusal: Refusal;

  constructor(message: string, { model, version, ...refusal }: Refusal) {
    super(message);
    this.refusal = {
      ...refusal,
      ...(model !== undefined && { model: model.slice(0, LONGEST_NAME) }),
      ...(version !== undefined && { version: version.slice(0, LONGEST_NAME) }),
    };
  }
}
