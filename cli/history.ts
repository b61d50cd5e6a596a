import { Command } from 'commander';
import { dynamoDb } from '../aws/clients.ts';
import { RegistryTable } from '../aws/registry-table.ts';
import {
  type AliasDifference,
  type AliasLog,
  type AliasLogEntry,
  type AliasState,
  aliasDifferences,
  aliasesAt,
} from '../core/registry/alias-history.ts';
import { assertSpan, readPastTime } from '../core/registry/past-time.ts';
import { table } from './table.ts';
import { findAccount, type TargetOptions, withTargetOptions } from './target.ts';
import { print, type Terminal } from './terminal.ts';

interface HistoryOptions extends TargetOptions {
  readonly alias?: string;
  readonly asOf?: string;
}

interface DiffOptions extends TargetOptions {
  readonly from: string;
  readonly to?: string;
}

export function historyCommand(terminal: Terminal): Command {
  return withTargetOptions(new Command('history'))
    .description('what became of the aliases of a model, the oldest change first')
    .argument('<model>', 'name of the model')
    .option('--alias <alias>', 'only this alias')
    .option('--as-of <time>', 'the aliases as they were at a time, as 2026-03-03T12:00:00Z')
    .action(async (model: string, options: HistoryOptions) => {
      const { alias, asOf, json } = options;
      const time = asOf === undefined ? undefined : readPastTime(asOf, '--as-of', new Date());
      const log = await logOf(model, options, terminal, alias);
      if (time === undefined) {
        print(terminal, json, { model, changes: log.entries }, timeline(log));
        return;
      }
      const aliases = aliasesAt(log.entries, time);
      print(terminal, json, { model, asOf: time, aliases }, snapshot(log, time, aliases));
    });
}

export function diffCommand(terminal: Terminal): Command {
  return withTargetOptions(new Command('diff'))
    .description('which aliases of a model point elsewhere than they did')
    .argument('<model>', 'name of the model')
    .requiredOption('--from <time>', 'the time to compare with, as 2026-03-03T12:00:00Z')
    .option('--to <time>', 'the later time (default: now)')
    .action(async (model: string, options: DiffOptions) => {
      const now = new Date();
      const from = readPastTime(options.from, '--from', now);
      const to = options.to === undefined ? now.toISOString() : readPastTime(options.to, '--to', now);
      assertSpan({ from, to });
      const { entries } = await logOf(model, options, terminal);
      const differences = aliasDifferences(entries, from, to);
      print(terminal, options.json, { model, from, to, aliases: differences }, differencesTable(differences));
    });
}

async function logOf(
  model: string,
  options: TargetOptions,
  terminal: Terminal,
  alias?: string,
): Promise<AliasLog> {
  const { deployment, aws } = await findAccount(options, terminal);
  return new RegistryTable(dynamoDb(aws), deployment.registryTable).aliasLog(model, alias);
}

function timeline({ model, createdAt, entries }: AliasLog): string {
  if (entries.length === 0) return `${model}: no alias was changed since the model was made at ${createdAt}`;
  const rows = entries.map((entry) => [
    entry.time,
    entry.alias,
    change(entry),
    entry.actor ?? '',
    entry.reason ?? '',
  ]);
  return table(['time', 'alias', 'version', 'by', 'why'], rows);
}

function snapshot(
  { model, createdAt }: AliasLog,
  time: string,
  aliases: Readonly<Record<string, AliasState>>,
): string {
  const rows = Object.entries(aliases).map(([alias, { version, since, actor, reason }]) => [
    alias,
    version,
    since,
    actor ?? '',
    reason ?? '',
  ]);
  if (rows.length > 0) return table(['alias', 'version', 'since', 'by', 'why'], rows);
  return time < createdAt
    ? `${model}: the model of this name was made later, at ${createdAt}`
    : `${model}: there was no alias at ${time}`;
}

function differencesTable(differences: readonly AliasDifference[]): string {
  if (differences.length === 0) return 'no alias was changed in between';
  const rows = differences.map(({ alias, before, after, changes }) => [
    alias,
    before?.version ?? 'none',
    after?.version ?? 'none',
    String(changes),
    after?.actor ?? '',
    after?.reason ?? '',
  ]);
  return table(['alias', 'before', 'after', 'changes', 'by', 'why'], rows);
}

function change({ from, to }: AliasLogEntry): string {
  if (to === undefined) return `${from ?? ''} -> none`;
  return from === undefined ? to : `${from} -> ${to}`;
}
