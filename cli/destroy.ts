import { Command } from 'commander';
import { StrataError } from '../core/errors.ts';
import { STACKS } from '../lib/contracts/deployment.ts';
import { type AccountOptions, awsTarget, callerOf } from './aws-account.ts';
import { confirm } from './confirm.ts';
import { deleteWithContents } from './destroy-contents.ts';
import { destroyData, whatIsLost } from './destroy-data.ts';
import { stackState } from './stack-state.ts';
import { runSteps } from './steps.ts';
import { print, type Terminal } from './terminal.ts';

interface DestroyOptions extends AccountOptions {
  readonly withData?: boolean;
  readonly yes?: boolean;
}

export function destroyCommand(terminal: Terminal): Command {
  return new Command('destroy')
    .description('remove a deployment from an AWS account; models and users stay unless --with-data is given')
    .option('--with-data', 'remove models, users, keys and everything else that is kept, too')
    .option('--region <region>', 'AWS region')
    .option('--profile <name>', 'named profile of the AWS configuration')
    .option('--yes', 'do not ask before anything is removed')
    .option('--json', 'print results and errors as JSON')
    .action((options: DestroyOptions) => destroy(options, terminal));
}

async function destroy(options: DestroyOptions, terminal: Terminal): Promise<void> {
  const target = awsTarget(options, terminal);
  const caller = await callerOf(target);
  const [service, data] = await Promise.all([
    stackState(target, STACKS.service),
    stackState(target, STACKS.data),
  ]);
  if (service?.isProtected === true) {
    throw new StrataError(
      'STACK_PROTECTED',
      `${STACKS.service} is protected from deletion; take that off in the CloudFormation console if you mean it.`,
    );
  }
  const goes = [...(service ? [STACKS.service] : []), ...(options.withData && data ? [STACKS.data] : [])];
  const where = `account ${caller.account}, ${caller.region}`;
  if (goes.length === 0) {
    const stays = data === undefined ? '' : ` ${STACKS.data} is kept; --with-data removes it.`;
    print(
      terminal,
      options.json,
      { removed: [], kept: kept(data, options) },
      `Nothing runs in ${where}.${stays}`,
    );
    return;
  }
  const losses = goes.includes(STACKS.data) ? await whatIsLost(target) : [];
  if (options.yes !== true) {
    const lost =
      losses.length > 0 ? ['', 'These are lost for good:', ...losses.map((line) => `  ${line}`)] : [];
    await confirm(
      {
        plan: [`Removes ${goes.join(' and ')} from ${where}.`, ...lost].join('\n'),
        ...(losses.length > 0 && { answer: STACKS.data }),
      },
      terminal,
    );
  }
  await runSteps(
    [
      {
        title: `Remove ${STACKS.service}`,
        skip: !goes.includes(STACKS.service),
        run: (_, onLine) => deleteWithContents(target, STACKS.service, onLine),
      },
      {
        title: `Remove ${STACKS.data} with its data`,
        skip: !goes.includes(STACKS.data),
        run: (_, onLine) => destroyData(target, caller, onLine),
      },
    ],
    {},
    terminal,
    options.json,
  );
  const rest = kept(data, options);
  const note =
    rest.length > 0
      ? ` ${STACKS.data} is kept, with models, users and keys: strata deploy takes it up again, strata destroy --with-data removes it.`
      : '';
  print(
    terminal,
    options.json,
    { removed: goes, kept: rest, lost: losses },
    `Removed ${goes.join(' and ')}.${note}`,
  );
}

function kept(data: unknown, { withData }: DestroyOptions): string[] {
  return data !== undefined && !withData ? [STACKS.data] : [];
}
