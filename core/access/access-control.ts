import type { Scope } from '../../lib/contracts/access.ts';
import { StrataError, UnavailableError } from '../errors.ts';
import type { RegisteredModel } from '../registry/model-version.ts';
import type { RuleAction } from './access-document.ts';
import { AccessRefusedError, type AccessTarget } from './access-refused-error.ts';
import type { AccessRulesReader } from './access-revision.ts';
import type { AccessRules } from './access-rules.ts';
import { type Action, authorise } from './authorise.ts';
import type { Principal } from './principal.ts';

/** The part of the registry that a caller may see. */
export interface ModelView {
  sees(model: string): boolean;
  /** The model with the aliases that the caller may use, and the versions they reach by alias or number. */
  of<M extends Pick<RegisteredModel, 'name' | 'aliases' | 'versions'>>(model: M): M;
}

const WHOLE: ModelView = { sees: () => true, of: (model) => model };

const VERBS: Readonly<Record<Action, string>> = {
  infer: 'run',
  describe: 'see',
  administer: 'change',
  read: 'see',
  write: 'change',
  deploy: 'deploy',
  move: 'change',
};

/**
 * Decides who may do what with which model. Scopes say which actions a caller may do at all; access rules, where there
 * are any, narrow them by model and version. The scope `admin` is not narrowed, so that nobody locks out whoever could
 * mend the rules. Nothing here looks at whether a model exists: a refusal cannot tell.
 */
export class AccessControl {
  /** @param reader where the rules are; absent: scopes alone decide */
  constructor(private readonly reader?: AccessRulesReader) {}

  /**
   * @param target absent where the action is about no single model: then scopes alone decide
   * @throws AccessRefusedError
   * @throws UnavailableError `ACCESS_RULES_UNAVAILABLE` when the rules cannot be read: in doubt nobody gets in
   */
  async authorise(principal: Principal, action: Action, target?: AccessTarget): Promise<void> {
    const scopes = authorise(principal, action, target);
    if (target === undefined || this.reader === undefined) return;
    const rules = await this.#narrowing(scopes);
    if (rules === undefined) return;
    const { model, version } = target;
    const allowed = narrowed(scopes).some(
      (scope) => rules.ruleFor(principal, scope, model, version) !== undefined,
    );
    if (!allowed) throw refusedByRule(action, { model, version });
  }

  /**
   * For an action on the model itself, with all its versions and aliases: a rule that is about some of them is none.
   * @throws AccessRefusedError, UnavailableError as `authorise`
   */
  async authoriseWhole(principal: Principal, action: Action, model: string): Promise<void> {
    const scopes = authorise(principal, action, { model });
    const rules = await this.#narrowing(scopes);
    if (rules === undefined) return;
    const allowed = narrowed(scopes).some((scope) => rules.opensWhole(principal, scope, model));
    if (!allowed) throw refusedByRule(action, { model });
  }

  /**
   * For looking at a model: what of it the caller may see.
   * @throws AccessRefusedError, UnavailableError as `authorise`
   */
  async viewOf(principal: Principal, action: Action, model: string): Promise<ModelView> {
    const view = await this.view(principal, action);
    if (!view.sees(model)) throw refusedByRule(action, { model });
    return view;
  }

  /**
   * Tries whether the rules can be read: without them nobody who is narrowed by them gets in.
   * @throws UnavailableError as `authorise`
   */
  async ready(): Promise<void> {
    await this.#narrowing([]);
  }

  /**
   * What lists may show to the caller.
   * @throws AccessRefusedError, UnavailableError as `authorise`
   */
  async view(principal: Principal, action: Action): Promise<ModelView> {
    const scopes = authorise(principal, action);
    const rules = await this.#narrowing(scopes);
    return rules === undefined ? WHOLE : new NarrowView(rules, principal, narrowed(scopes));
  }

  /** The rules that hold for a caller with these scopes. */
  async #narrowing(scopes: readonly Scope[]): Promise<AccessRules | undefined> {
    if (this.reader === undefined || scopes.includes('admin')) return undefined;
    try {
      return (await this.reader.current())?.rules;
    } catch (cause) {
      if (cause instanceof StrataError && cause.statusCode === 503) throw cause;
      throw new UnavailableError(
        'ACCESS_RULES_UNAVAILABLE',
        'The access rules cannot be read, so that nobody is let in by them; try again in a few seconds.',
        { cause },
      );
    }
  }
}

class NarrowView implements ModelView {
  constructor(
    private readonly rules: AccessRules,
    private readonly principal: Principal,
    private readonly scopes: readonly RuleAction[],
  ) {}

  sees(model: string): boolean {
    return this.scopes.some((scope) => this.rules.reaches(this.principal, scope, model));
  }

  of<M extends Pick<RegisteredModel, 'name' | 'aliases' | 'versions'>>(model: M): M {
    const may = (version: string): boolean =>
      this.scopes.some(
        (scope) => this.rules.ruleFor(this.principal, scope, model.name, version) !== undefined,
      );
    const aliases = Object.entries(model.aliases).filter(([alias]) => may(alias));
    const reached = new Set(aliases.map(([, version]) => version));
    return {
      ...model,
      aliases: Object.fromEntries(aliases),
      versions: model.versions.filter(({ version }) => reached.has(version) || may(version)),
    };
  }
}

function refusedByRule(action: Action, { model, version }: AccessTarget): AccessRefusedError {
  const by = version === undefined ? '' : ` by ${JSON.stringify(version)}`;
  return new AccessRefusedError(
    `The access rules do not let you ${VERBS[action]} the model ${JSON.stringify(model)}${by}. ` +
      'Ask whoever keeps the rules for one that does.',
    { reason: 'rule', action, model, version },
  );
}

function narrowed(scopes: readonly Scope[]): RuleAction[] {
  return scopes.filter((scope) => scope !== 'admin');
}
