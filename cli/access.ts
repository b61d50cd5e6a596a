import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { Command, InvalidArgumentError, Option } from 'commander';
import { AccessRulesTable } from '../aws/access-rules-table.ts';
import { dynamoDb } from '../aws/clients.ts';
import {
  type AccessDocument,
  RULE_ACTIONS,
  type RuleAction,
  readAccessDocument,
} from '../core/access/access-document.ts';
import type { AccessRevision, RevisionRecord } from '../core/access/access-revision.ts';
import { AccessRules } from '../core/access/access-rules.ts';
import { InvalidInputError, NotFoundError } from '../core/errors.ts';
import { actor } from './actor.ts';
import { table } from './table.ts';
import { findAccount, type TargetOptions, withTargetOptions } from './target.ts';
import { print, type Terminal } from './terminal.ts';

interface ShowOptions extends TargetOptions {
  readonly revision?: number;
  readonly history?: boolean;
}

interface PutOptions extends TargetOptions {
  readonly replaces: number;
}

interface CheckOptions extends TargetOptions {
  readonly principal: string;
  readonly group: readonly string[];
  readonly action: RuleAction;
  readonly model: string;
  readonly alias?: string;
  readonly file?: string;
}

const NO_RULES = 'There are no access rules: the scopes of a token alone decide.';
const HISTORY = 100;

export function accessCommand(terminal: Terminal): Command {
  return new Command('access')
    .description('who may use which models: rules that narrow what scopes allow')
    .addCommand(showCommand(terminal))
    .addCommand(putCommand(terminal))
    .addCommand(checkCommand(terminal));
}

function showCommand(terminal: Terminal): Command {
  return withTargetOptions(new Command('show'))
    .description('print the rules as they were put, their revision on standard error')
    .option('--revision <number>', 'an older revision', revisionNumber)
    .addOption(new Option('--history', 'who put which revision, the newest first').conflicts('revision'))
    .action(async (options: ShowOptions) => {
      const rules = await rulesOf(options, terminal);
      if (options.history) {
        showHistory(await rules.history(HISTORY), options, terminal);
        return;
      }
      const revision = await revisionOf(rules, options.revision);
      if (revision === undefined) {
        print(terminal, options.json, { revision: 0 }, NO_RULES);
        return;
      }
      const { document } = revision.rules;
      // The rules alone on standard output: what is shown can be edited and put again.
      if (!options.json) terminal.stderr.write(`${describe(revision)}\n`);
      print(terminal, options.json, { ...recordOf(revision), document }, JSON.stringify(document, null, 2));
    });
}

function putCommand(terminal: Terminal): Command {
  return withTargetOptions(new Command('put'))
    .description('make a document the current rules')
    .argument('<file>', 'the document, or - for standard input')
    .option(
      '--replaces <revision>',
      'revision that the document was made from; another current one is not overwritten',
      revisionNumber,
      0,
    )
    .action(async (file: string, options: PutOptions) => {
      const document = await readDocument(file, terminal);
      const rules = await rulesOf(options, terminal);
      const record = await rules.put({ document, replaces: options.replaces, actor: actor() });
      const count = document.rules.length === 1 ? '1 rule' : `${document.rules.length} rules`;
      print(
        terminal,
        options.json,
        recordOf(record),
        `the access rules are at revision ${record.revision}: ${count}`,
      );
    });
}

function checkCommand(terminal: Terminal): Command {
  return withTargetOptions(new Command('check'))
    .description('whether the rules allow something, and by which of them')
    .requiredOption('--principal <id>', 'subject of a person, client id of a machine')
    .option('--group <group...>', 'groups that the token names', [])
    .addOption(
      new Option('--action <action>', 'what is to be done, by the name of its scope')
        .choices(RULE_ACTIONS)
        .makeOptionMandatory(),
    )
    .requiredOption('--model <model>', 'with which model')
    .option('--alias <alias>', 'by which alias or version number (default: the champion)')
    .option('--file <file>', 'ask a document instead of the rules that are current, or - for standard input')
    .action(async (options: CheckOptions) => {
      const source = await checkedRules(options, terminal);
      const { principal: id, group: groups, action, model, alias } = options;
      const rule = source.rules?.ruleFor({ id, groups }, action, model, alias);
      const allowed = source.rules === undefined || rule !== undefined;
      const result = { allowed, rule, revision: source.revision };
      print(terminal, options.json, result, verdict(result, options));
    });
}

async function rulesOf(options: TargetOptions, terminal: Terminal): Promise<AccessRulesTable> {
  const { deployment, aws } = await findAccount(options, terminal);
  return new AccessRulesTable(dynamoDb(aws), deployment.registryTable);
}

async function revisionOf(
  rules: AccessRulesTable,
  wanted: number | undefined,
): Promise<AccessRevision | undefined> {
  if (wanted === undefined) return rules.current();
  const revision = await rules.revision(wanted);
  if (revision === undefined) {
    throw new NotFoundError(
      'ACCESS_REVISION_NOT_FOUND',
      `There is no revision ${wanted} of the access rules; \`strata access show --history\` lists them.`,
    );
  }
  return revision;
}

interface CheckedRules {
  /** Undefined where there are no rules. */
  readonly rules: AccessRules | undefined;
  /** Absent for a document that is not put yet. */
  readonly revision?: number;
}

async function checkedRules(options: CheckOptions, terminal: Terminal): Promise<CheckedRules> {
  if (options.file !== undefined) {
    return { rules: new AccessRules(await readDocument(options.file, terminal)) };
  }
  const current = await (await rulesOf(options, terminal)).current();
  return { rules: current?.rules, revision: current?.revision ?? 0 };
}

async function readDocument(file: string, { stdin, directory }: Terminal): Promise<AccessDocument> {
  const content =
    file === '-'
      ? await text(stdin)
      : await readFile(resolve(directory, file), 'utf8').catch((cause: unknown) => {
          throw new InvalidInputError('INPUT_NOT_FOUND', `There is no file ${file} that can be read.`, {
            cause,
          });
        });
  return readAccessDocument(parse(content, file));
}

function parse(content: string, file: string): unknown {
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw new InvalidInputError('INVALID_JSON', `${file} is not JSON: ${(cause as Error).message}.`, {
      cause,
    });
  }
}

function revisionNumber(value: string): number {
  if (!/^\d{1,10}$/.test(value)) throw new InvalidArgumentError('A revision is a number.');
  return Number(value);
}

function showHistory(records: readonly RevisionRecord[], { json }: ShowOptions, terminal: Terminal): void {
  const rows = records.map(({ revision, time, actor: by = '' }) => [String(revision), time, by]);
  print(
    terminal,
    json,
    { revisions: records.map(recordOf) },
    rows.length === 0 ? NO_RULES : table(['revision', 'time', 'by'], rows),
  );
}

function recordOf({ revision, time, actor: by }: RevisionRecord): RevisionRecord {
  return { revision, time, actor: by };
}

function describe({ revision, time, actor: by }: RevisionRecord): string {
  return `revision ${revision}, put by ${by ?? 'somebody'} at ${time}`;
}

function verdict(
  { rule, revision }: { readonly rule: number | undefined; readonly revision: number | undefined },
  { action }: CheckOptions,
): string {
  if (revision === 0) return `allowed with the scope ${action}. ${NO_RULES}`;
  const where = revision === undefined ? 'the document' : `revision ${revision}`;
  return rule === undefined
    ? `refused: no rule of ${where} allows it; only the scope admin does`
    : `allowed with the scope ${action}, by rules[${rule}] of ${where}`;
}
