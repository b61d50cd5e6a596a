import { Command } from 'commander';
import { StrataError } from '../core/errors.ts';
import { type AccountOptions, awsTarget } from './aws-account.ts';
import { checkAccount } from './doctor-aws.ts';
import { checkReport, failures } from './doctor-check.ts';
import { checkMachine } from './doctor-machine.ts';
import { print, type Terminal } from './terminal.ts';

interface DoctorOptions extends AccountOptions {
  readonly aws?: boolean;
}

export function doctorCommand(terminal: Terminal): Command {
  return new Command('doctor')
    .description('check this machine, or with --aws an account, for what Strata needs')
    .option('--aws', 'check the AWS account and region instead of this machine; reads only')
    .option('--region <region>', 'AWS region')
    .option('--profile <name>', 'named profile of the AWS configuration')
    .option('--json', 'print results and errors as JSON')
    .action(async (options: DoctorOptions) => {
      const checks = options.aws
        ? (await checkAccount(awsTarget(options, terminal))).checks
        : await checkMachine(terminal);
      print(terminal, options.json, { checks }, checkReport(checks));
      const failed = failures(checks);
      if (failed.length > 0) {
        throw new StrataError('CHECK_FAILED', `Not ready: ${failed.map(({ name }) => name).join(', ')}.`);
      }
    });
}
