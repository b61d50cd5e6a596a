import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { RULE_ACTIONS, readAccessDocument } from '../../../../core/access/access-document.ts';
import { accessRulesSchema } from '../../../../core/access/access-rules-schema.ts';
import { InvalidInputError } from '../../../../core/errors.ts';
import { SCOPES } from '../../../../lib/contracts/access.ts';

const RULE = { principals: ['machine-1'], actions: ['infer'], models: ['fraud-*'] };
const documentOf = (...rules: unknown[]) => ({ version: 1, rules });

const TAKEN = {
  $schema: './access-rules.schema.json',
  version: 1,
  rules: [RULE, { ...RULE, description: 'why', groups: ['Risk Team'], aliases: ['champion', '@*'] }],
};

/** What it is, and where the message says that it is wrong. */
const REFUSED: readonly [string, unknown, string][] = [
  ['nothing', undefined, 'the document: '],
  ['a list', [], 'the document: '],
  ['another version', { version: 2, rules: [] }, 'version: '],
  ['no rules', { version: 1 }, 'rules: '],
  ['a word too many', { ...documentOf(), rule: [] }, '"rule"'],
  ['a misspelt part of a rule', documentOf({ ...RULE, model: ['x'] }), 'rules[0]: '],
  ['an action that there is not', documentOf(RULE, { ...RULE, actions: ['fly'] }), 'rules[1].actions[0]: '],
  ['the scope that no rule narrows', documentOf({ ...RULE, actions: ['admin'] }), 'rules[0].actions[0]: '],
  ['no actions', documentOf({ ...RULE, actions: [] }), 'rules[0].actions: '],
  ['no models', documentOf({ ...RULE, models: undefined }), 'rules[0].models: '],
  ['an empty pattern', documentOf({ ...RULE, models: [''] }), 'rules[0].models[0]: '],
  ['a pattern without an end', documentOf({ ...RULE, models: ['x'.repeat(256)] }), 'rules[0].models[0]: '],
  [
    'a rule for nobody',
    documentOf({ ...RULE, principals: undefined }),
    'rules[0]: a rule needs "principals" or "groups"',
  ],
  ['a list for nobody', documentOf({ ...RULE, principals: [] }), 'rules[0].principals: '],
];

describe('a document of access rules', () => {
  it('is taken as it is written', () => {
    expect(readAccessDocument(TAKEN)).toEqual(TAKEN);
  });

  it('is taken as the documentation shows it', () => {
    const page = readFileSync(new URL('../../../../docs/access.md', import.meta.url), 'utf8');
    const examples = [...page.matchAll(/```json\n(.+?)```/gs)].map(
      ([, text = '']) => JSON.parse(text) as unknown,
    );
    expect(examples).not.toEqual([]);
    for (const example of examples) expect(readAccessDocument(example)).toEqual(example);
  });

  it('may hold no rule: then nobody is let in but administrators', () => {
    expect(readAccessDocument(documentOf())).toEqual(documentOf());
  });

  it.each(REFUSED)('is refused with %s, and where', (_case, document, where) => {
    const attempt = () => readAccessDocument(document);
    expect(attempt).toThrow(InvalidInputError);
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'INVALID_ACCESS_RULES', message: expect.stringContaining(where) }),
    );
  });

  it('that is wrong throughout is refused in a few lines', () => {
    const rules = Array.from({ length: 500 }, () => ({}));
    const attempt = () => readAccessDocument(documentOf(...rules));
    expect(attempt).toThrow(/; and \d+ more\. Mend the document/);
    expect(attempt).toThrow(expect.objectContaining({ message: expect.stringMatching(/^.{1,1000}$/) }));
  });

  it('knows every scope but the one that is not narrowed', () => {
    expect(RULE_ACTIONS).toEqual(SCOPES.filter((scope) => scope !== 'admin'));
  });
});

describe('the published schema', () => {
  it('says that a rule is for somebody', () => {
    expect(accessRulesSchema()).toMatchObject({
      properties: { rules: { items: { anyOf: [{ required: ['principals'] }, { required: ['groups'] }] } } },
    });
  });

  const published = z.fromJSONSchema(withoutAnyOf(accessRulesSchema()));

  it.each(REFUSED.filter(([what]) => what !== 'a rule for nobody'))(
    'refuses %s as well',
    (_case, document) => {
      expect(published.safeParse(document).success).toBe(false);
    },
  );

  it('takes what is taken', () => {
    expect(published.safeParse(TAKEN).success).toBe(true);
    expect(published.safeParse(documentOf()).success).toBe(true);
  });
});

/** The reader of schemas takes `anyOf` for the whole of a schema and forgets what stands beside it. */
function withoutAnyOf(schema: object): Parameters<typeof z.fromJSONSchema>[0] {
  return JSON.parse(JSON.stringify(schema, (key, value: unknown) => (key === 'anyOf' ? undefined : value)));
}
