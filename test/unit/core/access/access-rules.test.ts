import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AccessRule, RULE_ACTIONS } from '../../../../core/access/access-document.ts';
import { AccessRules, type Caller } from '../../../../core/access/access-rules.ts';

const rulesOf = (...rules: AccessRule[]) => new AccessRules({ version: 1, rules });
const MACHINE: Caller = { id: 'machine-1' };
const ANN: Caller = { id: 'ann', groups: ['risk', 'everyone'] };

describe('a rule for a model', () => {
  const rules = rulesOf(
    { principals: ['machine-1'], actions: ['infer'], models: ['fraud-*'] },
    { groups: ['risk'], actions: ['infer', 'registry.read'], models: ['credit'] },
    { principals: ['*'], actions: ['registry.read'], models: ['public'] },
  );

  it.each<[string, Caller, Parameters<AccessRules['ruleFor']>[1], string, number | undefined]>([
    ['the caller by id', MACHINE, 'infer', 'fraud-eu', 0],
    ['the caller by a group', ANN, 'infer', 'credit', 1],
    ['everybody', ANN, 'registry.read', 'public', 2],
    ['nobody else', ANN, 'infer', 'fraud-eu', undefined],
    ['no other action', MACHINE, 'registry.read', 'fraud-eu', undefined],
    ['no other model', MACHINE, 'infer', 'credit', undefined],
    [
      'no group that is called like the caller',
      { id: 'x', groups: ['machine-1'] },
      'infer',
      'fraud-eu',
      undefined,
    ],
    ['no caller that is called like the group', { id: 'risk' }, 'infer', 'credit', undefined],
  ])('is for %s', (_case, caller, action, model, rule) => {
    expect(rules.ruleFor(caller, action, model)).toBe(rule);
    expect(rules.reaches(caller, action, model)).toBe(rule !== undefined);
  });

  it('without rules lets nobody in', () => {
    expect(rulesOf().ruleFor(ANN, 'infer', 'credit')).toBeUndefined();
  });

  it('finds members of any group by "*", and nobody without one', () => {
    const members = rulesOf({ groups: ['*'], actions: ['*'], models: ['*'] });
    expect(members.ruleFor(ANN, 'deploy', 'any')).toBe(0);
    expect(members.ruleFor(MACHINE, 'deploy', 'any')).toBeUndefined();
  });

  it('finds role sessions by the role', () => {
    const role = rulesOf({
      principals: ['arn:aws:sts::123456789012:assumed-role/Scoring/*'],
      actions: ['infer'],
      models: ['*'],
    });
    const session = (name: string) => ({ id: `arn:aws:sts::123456789012:assumed-role/${name}/session-1` });
    expect(role.ruleFor(session('Scoring'), 'infer', 'm')).toBe(0);
    expect(role.ruleFor(session('Scoring2'), 'infer', 'm')).toBeUndefined();
  });
});

describe('aliases of a rule', () => {
  const REQUESTS = [undefined, 'champion', 'candidate', '1', '17', 'v1', '01'];
  it.each<[string[] | undefined, (string | undefined)[]]>([
    [undefined, REQUESTS],
    [['champion'], [undefined, 'champion']],
    [['c*'], [undefined, 'champion', 'candidate']],
    [['*'], [undefined, 'champion', 'candidate', 'v1', '01']],
    [['@1'], ['1']],
    [['@1*'], ['1', '17']],
    [['@*'], ['1', '17']],
    [
      ['champion', '@17'],
      [undefined, 'champion', '17'],
    ],
    [['*', '@*'], REQUESTS],
    [['1'], []],
  ])('%j open the requests %j', (aliases, opened) => {
    const rules = rulesOf({ principals: ['*'], actions: ['infer'], models: ['*'], aliases });
    const open = REQUESTS.filter((version) => rules.ruleFor(MACHINE, 'infer', 'm', version) !== undefined);
    expect(open).toEqual(opened);
  });

  it('are no matter for whether the model is seen at all', () => {
    const rules = rulesOf({ principals: ['*'], actions: ['infer'], models: ['m'], aliases: ['candidate'] });
    expect(rules.reaches(MACHINE, 'infer', 'm')).toBe(true);
    expect(rules.ruleFor(MACHINE, 'infer', 'm')).toBeUndefined();
  });
});

describe('rules', () => {
  const name = fc.constantFrom('a', 'b', 'ab', 'ba');
  const pattern = fc.constantFrom('a', 'b', 'a*', '*b', '*');
  const some = (values: fc.Arbitrary<string>) => fc.array(values, { minLength: 1, maxLength: 3 });
  const rule: fc.Arbitrary<AccessRule> = fc.record(
    {
      principals: some(pattern),
      groups: some(pattern),
      actions: fc.array(fc.constantFrom(...RULE_ACTIONS), { minLength: 1, maxLength: 3 }),
      models: some(pattern),
      aliases: some(fc.constantFrom('champion', '*', '@*', '@1', 'x')),
    },
    { requiredKeys: ['actions', 'models'] },
  );
  const request = fc.record({
    caller: fc.record({ id: name, groups: fc.array(name, { maxLength: 2 }) }),
    action: fc.constantFrom(...RULE_ACTIONS),
    model: name,
    version: fc.constantFrom(undefined, 'champion', 'x', '1', '2'),
  });
  const allows = (rules: readonly AccessRule[], { caller, action, model, version }: Request) =>
    rulesOf(...rules).ruleFor(caller, action, model, version) !== undefined;
  type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

  it('together allow what either of them allows, in any order', () => {
    fc.assert(
      fc.property(fc.array(rule), fc.array(rule), request, (some, others, asked) => {
        const either = allows(some, asked) || allows(others, asked);
        expect(allows([...some, ...others], asked)).toBe(either);
        expect(allows([...others, ...some], asked)).toBe(either);
      }),
    );
  });

  it('show a model whenever they allow one of its versions', () => {
    fc.assert(
      fc.property(fc.array(rule), request, (all, asked) => {
        const { caller, action, model } = asked;
        expect(allows(all, asked) && !rulesOf(...all).reaches(caller, action, model)).toBe(false);
      }),
    );
  });

  it('give no more to a caller who is in fewer groups', () => {
    fc.assert(
      fc.property(fc.array(rule), request, (all, asked) => {
        const alone = { ...asked, caller: { ...asked.caller, groups: [] } };
        expect(allows(all, alone) && !allows(all, asked)).toBe(false);
      }),
    );
  });
});
