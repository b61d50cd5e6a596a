import { basename, extname, resolve } from 'node:path';
import { Command } from 'commander';
import { dynamoDb } from '../aws/clients.ts';
import type { LeftOut } from '../aws/local-assembly.ts';
import { RegistryTable } from '../aws/registry-table.ts';
import { describeModelFile } from '../core/engine/describe-model-file.ts';
import { StrataError } from '../core/errors.ts';
import type { ModelDescription } from '../core/onnx/model-description.ts';
import type { ModelVersion } from '../core/registry/model-version.ts';
import { assertAlias, assertModelName, CHAMPION } from '../core/registry/names.ts';
import { STACKS } from '../lib/contracts/deployment.ts';
import { actor } from './actor.ts';
import { type AccountOptions, awsTarget, type Caller } from './aws-account.ts';
import { confirm } from './confirm.ts';
import { packagedApp, prepareApp } from './deploy-app.ts';
import { Cdk } from './deploy-cdk.ts';
import { type FirstCall, firstCall } from './deploy-first-call.ts';
import { type Deployed, deployReport } from './deploy-report.ts';
import { type AccountReport, checkAccount } from './doctor-aws.ts';
import { checkReport, failures } from './doctor-check.ts';
import { type IdleCost, idleCostLine, idleCostOf } from './idle-cost.ts';
import { inWords, register } from './register.ts';
import { runSteps } from './steps.ts';
import { type AccountTarget, findAccount } from './target.ts';
import { print, type Terminal } from './terminal.ts';

interface DeployOptions extends AccountOptions {
  readonly name?: string;
  readonly alias: string;
  readonly bootstrap?: boolean;
  readonly yes?: boolean;
}

export function deployCommand(terminal: Terminal): Command {
  return new Command('deploy')
    .description('take an ONNX file to an HTTPS endpoint in an AWS account')
    .argument('<file>', 'the ONNX file')
    .option('--name <model>', 'name of the model (default: the name of the file)')
    .option('--alias <alias>', 'alias that is to point at the new version', CHAMPION)
    .option('--region <region>', 'AWS region')
    .option('--profile <name>', 'named profile of the AWS configuration')
    .option('--bootstrap', 'prepare the account for the CDK first, where that was not done')
    .option('--yes', 'do not ask before anything is deployed')
    .option('--json', 'print results and errors as JSON')
    .action(async (file: string, options: DeployOptions) => {
      const deployed = await deploy(resolve(terminal.directory, file), options, terminal);
      print(terminal, options.json, asJson(deployed), deployReport(deployed, options));
    });
}

/** What is known before anything is changed. */
interface Plan {
  model: string;
  description: ModelDescription;
  report: AccountReport;
  cost: IdleCost;
}

async function deploy(path: string, options: DeployOptions, terminal: Terminal): Promise<Deployed> {
  const target = awsTarget(options, terminal);
  const model = options.name ?? basename(path, extname(path));
  const plan = { model } as Plan;
  await runSteps<Plan>(
    [
      {
        title: 'Read the model',
        run: async (context) => {
          assertModelName(model);
          assertAlias(options.alias);
          context.description = await describeModelFile(path);
        },
      },
      {
        title: 'Check the account',
        run: async (context) => {
          context.cost = await idleCostOf(packagedApp());
          context.report = await checkAccount(target);
        },
      },
    ],
    plan,
    terminal,
    options.json,
  );
  const caller = readyCaller(plan.report, options);
  await using cdk = await Cdk.open(terminal, target, caller);
  if (options.yes !== true) {
    await confirm({ plan: planText(plan, caller, options) }, terminal);
  }

  const done = { leftOut: [] as LeftOut[] } as {
    leftOut: LeftOut[];
    account: AccountTarget;
    version: ModelVersion;
    firstCall: FirstCall;
  };
  await runSteps(
    [
      {
        title: 'Bootstrap the account for the CDK',
        skip: !plan.report.bootstrapMissing,
        run: (_, onLine) => cdk.bootstrap(onLine),
      },
      {
        title: `Deploy ${STACKS.data} and ${STACKS.service}`,
        run: async (context, onLine) => {
          const { app, leftOut } = await prepareApp(target, cdk.folder);
          await cdk.deploy(app, onLine);
          context.account = await findAccount({ ...options, stack: STACKS.service }, terminal);
          context.leftOut = leftOut;
        },
      },
      {
        title: `Register ${model}`,
        run: async (context, onLine) => {
          context.version = await register(path, { name: model }, context.account, (progress) =>
            onLine(inWords(progress)),
          );
        },
      },
      {
        title: 'Ask it through the API',
        run: async (context) => {
          const { version } = context.version;
          // By its number: nobody who asks for the alias gets it before it has answered.
          context.firstCall = await firstCall(context.account, model, version, plan.description.inputs).catch(
            (error: unknown) => {
              throw notMoved(error, context.version, options.alias);
            },
          );
        },
      },
      {
        title: `Point ${options.alias} at it`,
        run: async (context) => {
          const { deployment, aws } = context.account;
          const registry = new RegistryTable(dynamoDb(aws), deployment.registryTable);
          const { version } = context.version;
          await registry.setAlias({ model, alias: options.alias, version, actor: actor() });
        },
      },
    ],
    done,
    terminal,
    options.json,
  );
  const { account, version } = done;
  return {
    account: caller.account,
    region: caller.region,
    endpoint: account.deployment.endpoint,
    version,
    alias: options.alias,
    firstCall: done.firstCall,
    cost: plan.cost,
    leftOut: done.leftOut,
  };
}

/** The version does not answer: what was served before still is. */
function notMoved(error: unknown, { model, version }: ModelVersion, alias: string): unknown {
  if (!(error instanceof StrataError)) return error;
  const { code, message, statusCode, retryable } = error;
  return new StrataError(
    code,
    `${model} version ${version} is registered, and did not answer: ${message} The alias ${alias} was not moved; ` +
      `\`strata alias ${model} ${alias} ${version}\` moves it when that is mended.`,
    { statusCode, retryable, cause: error },
  );
}

/** @throws StrataError `ACCOUNT_NOT_READY` */
function readyCaller({ caller, checks, bootstrapMissing }: AccountReport, options: DeployOptions): Caller {
  const failed = failures(checks);
  if (caller !== undefined && (failed.length === 0 || (bootstrapMissing && options.bootstrap === true))) {
    return caller;
  }
  const what = failed.map(({ name, found, fix }) => `${name}: ${found}; ${fix}`).join('. ');
  throw new StrataError('ACCOUNT_NOT_READY', `The account is not ready. ${what}.`);
}

function planText(
  { model, report, cost, description }: Plan,
  caller: Caller,
  options: DeployOptions,
): string {
  const names = (specs: ModelDescription['inputs']) => specs.map(({ name }) => name).join(', ');
  return `
${checkReport(report.checks)}

${model} (${names(description.inputs)} -> ${names(description.outputs)}) will be served as ${options.alias}
in account ${caller.account}, ${caller.region}${report.bootstrapMissing ? ', which is bootstrapped for the CDK first' : ''}.
Creates or updates the stacks ${STACKS.data} and ${STACKS.service}, IAM roles included.
Costs ${idleCostLine(cost)}.`;
}

function asJson({ version, firstCall: first, cost, leftOut, ...rest }: Deployed) {
  return {
    ...rest,
    model: version.model,
    version: version.version,
    digest: version.artifact.digest,
    size: version.artifact.size,
    first_call: first,
    idle_cost: cost,
    left_out: leftOut,
  };
}
