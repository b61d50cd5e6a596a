import { Command } from 'commander';
import { findTarget, type TargetOptions, withTargetOptions } from './target.ts';
import { print, type Terminal } from './terminal.ts';

export function endpointCommand(terminal: Terminal): Command {
  return withTargetOptions(new Command('endpoint'))
    .description('print the address of the API')
    .action(async (options: TargetOptions) => {
      const { endpoint } = await findTarget(options, terminal);
      print(terminal, options.json, { endpoint }, endpoint);
    });
}
