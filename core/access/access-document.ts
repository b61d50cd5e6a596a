import '../english-errors.ts';
import * as z from 'zod/mini';
import type { Scope } from '../../lib/contracts/access.ts';
import { InvalidInputError } from '../errors.ts';

/** What rules can allow: every scope but `admin`, which no rule narrows. */
export const RULE_ACTIONS = [
  'infer',
  'records.write',
  'feedback.write',
  'registry.read',
  'registry.write',
  'deploy',
  'audit.read',
] as const satisfies readonly Exclude<Scope, 'admin'>[];

export type RuleAction = (typeof RULE_ACTIONS)[number];

/** An ARN has 2048 characters at most, and so has whatever names a caller. */
const LONGEST_PRINCIPAL = 2048;
/** As long as the longest name of a model or alias. */
const LONGEST_NAME = 255;
const MOST_PATTERNS = 1000;
const MOST_RULES = 1000;

const patterns = (longest: number, what: string) =>
  z
    .array(z.string().check(z.minLength(1), z.maxLength(longest)))
    .check(z.minLength(1), z.maxLength(MOST_PATTERNS), z.describe(what));

const accessRule = z
  .strictObject({
    description: z.optional(z.string().check(z.maxLength(1000), z.describe('What the rule is for.'))),
    principals: z.optional(
      patterns(
        LONGEST_PRINCIPAL,
        'Callers by id: subject of a person, client id of a machine. "*" is any text.',
      ),
    ),
    groups: z.optional(
      patterns(LONGEST_PRINCIPAL, 'Callers by a group that their token names. "*" is any text.'),
    ),
    actions: z
      .array(z.enum([...RULE_ACTIONS, '*']))
      .check(
        z.minLength(1),
        z.describe(
          'What they may do, by the names of the scopes, which their token needs as well. "*" is all.',
        ),
      ),
    models: patterns(LONGEST_NAME, 'With which models, by name. "*" is any text.'),
    aliases: z.optional(
      patterns(
        LONGEST_NAME + 1,
        'By which aliases ("*" is any text), and by which version numbers: "@7", or "@*" for all. A request that names no version means the alias "champion". Default: all aliases and numbers.',
      ),
    ),
  })
  .check(
    z.refine(({ principals, groups }) => principals !== undefined || groups !== undefined, {
      error: 'a rule needs "principals" or "groups": whom it is for',
    }),
  );

/** Schema of the document; access-rules-schema.ts publishes it. */
export const accessDocument = z.strictObject({
  $schema: z.optional(z.string().check(z.describe('Where an editor finds this schema.'))),
  version: z.literal(1).check(z.describe('Version of this format.')),
  rules: z
    .array(accessRule)
    .check(
      z.maxLength(MOST_RULES),
      z.describe('Whatever no rule allows is refused. The order does not matter.'),
    ),
});

export type AccessDocument = Readonly<z.infer<typeof accessDocument>>;
export type AccessRule = Readonly<z.infer<typeof accessRule>>;

/** Problems that one message names; a document that is wrong throughout would fill the screen. */
const MOST_PROBLEMS = 5;

/** @throws InvalidInputError `INVALID_ACCESS_RULES`; the message says where and what */
export function readAccessDocument(value: unknown): AccessDocument {
  const read = accessDocument.safeParse(value);
  // Nothing is filled in or changed: what is shown again has the order in which its author wrote it.
  if (read.success) return value as AccessDocument;
  const problems = read.error.issues.map(({ path, message }) => `${placeOf(path)}: ${message}`);
  const more = problems.length - MOST_PROBLEMS;
  throw new InvalidInputError(
    'INVALID_ACCESS_RULES',
    `The access rules cannot be used. ${problems.slice(0, MOST_PROBLEMS).join('; ')}` +
      `${more > 0 ? `; and ${more} more` : ''}. Mend the document; nothing was changed.`,
  );
}

/** `rules[2].models` */
function placeOf(path: readonly PropertyKey[]): string {
  const place = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return place === '' ? 'the document' : place.replace(/^\./, '');
}
