import { Command } from 'commander';
import { dynamoDb } from '../aws/clients.ts';
import { RegistryTable } from '../aws/registry-table.ts';
import { actor } from './actor.ts';
import { findAccount, type TargetOptions, withTargetOptions } from './target.ts';
import { print, type Terminal } from './terminal.ts';

interface AliasOptions extends TargetOptions {
  readonly reason?: string;
}

export function aliasCommand(terminal: Terminal): Command {
  return withTargetOptions(new Command('alias'))
    .description('point an alias at a version')
    .argument('<model>', 'name of the model')
    .argument('<alias>', 'for example champion, which requests mean that name no version')
    .argument('<version>', 'version number')
    .option('--reason <text>', 'why, for the log of the alias')
    .action(async (model: string, alias: string, version: string, options: AliasOptions) => {
      const { deployment, aws } = await findAccount(options, terminal);
      const registry = new RegistryTable(dynamoDb(aws), deployment.registryTable);
      const move = await registry.setAlias({ model, alias, version, actor: actor(), reason: options.reason });
      const before = move.from === undefined || move.from === move.to ? '' : ` (before: ${move.from})`;
      print(terminal, options.json, move, `${model}: ${alias} points at version ${move.to}${before}`);
    });
}
