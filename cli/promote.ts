import { Command } from 'commander';
import { dynamoDb } from '../aws/clients.ts';
import { RegistryTable } from '../aws/registry-table.ts';
import { InvalidInputError } from '../core/errors.ts';
import { own, ROLLBACK, versionBefore } from '../core/registry/alias-history.ts';
import { CHAMPION, isAlias, isVersionNumber } from '../core/registry/names.ts';
import { nothingToRollBack, versionNotFound } from '../core/registry/registry-errors.ts';
import type { AliasChange, AliasMove } from '../core/registry/registry-writer.ts';
import { actor } from './actor.ts';
import { runSteps, type Step } from './steps.ts';
import { findAccount, type TargetOptions, withTargetOptions } from './target.ts';
import { print, type Terminal } from './terminal.ts';

interface MoveOptions extends TargetOptions {
  readonly alias: string;
  readonly reason?: string;
}

/** What the steps of a move find out. */
interface Moving {
  registry?: RegistryTable;
  change?: AliasChange;
  move?: AliasMove;
}

export function promoteCommand(terminal: Terminal): Command {
  return withMoveOptions(new Command('promote'))
    .description('make a version the champion, or what another alias means')
    .argument('<model@version>', 'name of the model, and a version number or an alias that points at it')
    .action(async (target: string, options: MoveOptions) => {
      const { model, version } = splitTarget(target);
      const move = await moveAlias(
        options,
        terminal,
        `Find version ${version} of ${model}`,
        async (registry) => {
          const number = isVersionNumber(version) ? version : await pointedAt(registry, model, version);
          return { model, alias: options.alias, version: number, reason: options.reason };
        },
      );
      const { alias, from, to } = move;
      const before = from === undefined || from === to ? '' : ` (before: ${from})`;
      const done = from === to ? 'already points' : 'points';
      print(terminal, options.json, move, `${model}: ${alias} ${done} at version ${to}${before}`);
    });
}

export function rollbackCommand(terminal: Terminal): Command {
  return withMoveOptions(new Command('rollback'))
    .description('point an alias where it pointed before; again, and it goes one further back')
    .argument('<model>', 'name of the model')
    .action(async (model: string, options: MoveOptions) => {
      const { alias, reason } = options;
      const move = await moveAlias(
        options,
        terminal,
        `Look where ${alias} of ${model} pointed`,
        async (registry) => {
          const { entries } = await registry.aliasLog(model, alias);
          const version = versionBefore(entries, alias);
          if (version === undefined) throw nothingToRollBack(model, alias);
          return { model, alias, version, replaces: entries.at(-1)?.to, reason, evidence: ROLLBACK };
        },
      );
      const { from, to } = move;
      const before = from === undefined ? '' : ` (before: ${from})`;
      print(terminal, options.json, move, `${model}: ${alias} is back at version ${to}${before}`);
    });
}

function withMoveOptions(command: Command): Command {
  return withTargetOptions(command)
    .option('--alias <alias>', 'alias that is to be moved', CHAMPION)
    .option('--reason <text>', 'why, for the log of the alias');
}

async function moveAlias(
  options: MoveOptions,
  terminal: Terminal,
  finding: string,
  find: (registry: RegistryTable) => Promise<AliasChange>,
): Promise<AliasMove> {
  const steps: Step<Moving>[] = [
    {
      title: 'Find the deployment',
      run: async (moving) => {
        const { deployment, aws } = await findAccount(options, terminal);
        moving.registry = new RegistryTable(dynamoDb(aws), deployment.registryTable);
      },
    },
    {
      title: finding,
      run: async (moving) => {
        moving.change = await find(moving.registry as RegistryTable);
      },
    },
    {
      title: `Move ${options.alias}`,
      run: async (moving) => {
        const { registry, change } = moving as Required<Moving>;
        moving.move = await registry.setAlias({ ...change, actor: actor() });
      },
    },
  ];
  // Three steps of some milliseconds are for the eye only: a log is told the result.
  const quiet = options.json === true || terminal.stdout.isTTY !== true;
  const { move } = await runSteps(steps, {} as Moving, terminal, quiet);
  return move as AliasMove;
}

/** The name of a model may hold "@" itself. @throws InvalidInputError `INVALID_TARGET` */
export function splitTarget(target: string): { readonly model: string; readonly version: string } {
  const at = target.lastIndexOf('@');
  const [model, version] = [target.slice(0, at), target.slice(at + 1)];
  if (at > 0 && (isVersionNumber(version) || isAlias(version))) return { model, version };
  throw new InvalidInputError(
    'INVALID_TARGET',
    `"${target}" names no version of a model; write <model>@<version>, for example ${at > 0 ? model : target}@7. ` +
      '`strata models` lists the versions.',
  );
}

async function pointedAt(registry: RegistryTable, model: string, alias: string): Promise<string> {
  const version = own((await registry.model(model)).aliases, alias);
  if (version === undefined) throw versionNotFound(model, alias);
  return version;
}
