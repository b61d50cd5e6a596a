import { CHAMPION, isVersionNumber } from '../registry/names.ts';
import type { AccessDocument, AccessRule, RuleAction } from './access-document.ts';
import { matchesPattern } from './pattern.ts';
import type { Principal } from './principal.ts';

/** Which caller a rule looks at. */
export type Caller = Pick<Principal, 'id' | 'groups'>;

/** The rules of one document. Deny unless a rule matches; rules only ever allow, so that their order is of no account. */
export class AccessRules {
  constructor(readonly document: AccessDocument) {}

  /**
   * The first rule that allows this.
   *
   * @param version number or alias as a request names it; absent: the alias `champion`
   * @returns index of the rule; undefined when none does
   */
  ruleFor(caller: Caller, action: RuleAction, model: string, version?: string): number | undefined {
    const reference = referenceOf(version);
    const index = this.document.rules.findIndex(
      (rule) => isFor(rule, caller, action, model) && allowsReference(rule, reference),
    );
    return index === -1 ? undefined : index;
  }

  /** Whether some rule allows this for the model with all its aliases and versions. */
  opensWhole(caller: Caller, action: RuleAction, model: string): boolean {
    return this.document.rules.some(
      (rule) => isFor(rule, caller, action, model) && rule.aliases === undefined,
    );
  }

  /** Whether some rule allows this for the model, by whatever alias or version number. */
  reaches(caller: Caller, action: RuleAction, model: string): boolean {
    return this.document.rules.some((rule) => isFor(rule, caller, action, model));
  }
}

/** A version number is written with `@`, which no alias holds: a rule for aliases never opens a version by number. */
function referenceOf(version: string = CHAMPION): string {
  return isVersionNumber(version) ? `@${version}` : version;
}

function isFor(rule: AccessRule, caller: Caller, action: RuleAction, model: string): boolean {
  return (
    (rule.actions.includes(action) || rule.actions.includes('*')) &&
    matchesAny(rule.models, model) &&
    (matchesAny(rule.principals, caller.id) ||
      (caller.groups ?? []).some((group) => matchesAny(rule.groups, group)))
  );
}

function allowsReference({ aliases }: AccessRule, reference: string): boolean {
  if (aliases === undefined) return true;
  // As a shell's `*` finds no hidden files: numbers have to be meant.
  const byNumber = reference.startsWith('@');
  return aliases.some(
    (pattern) => pattern.startsWith('@') === byNumber && matchesPattern(pattern, reference),
  );
}

function matchesAny(patterns: readonly string[] | undefined, text: string): boolean {
  return (patterns ?? []).some((pattern) => matchesPattern(pattern, text));
}
