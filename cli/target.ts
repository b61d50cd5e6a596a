import { type Command, Option } from 'commander';
import { accessToken } from '../aws/access-token.ts';
import { type AwsTarget, cloudFormation, cognito } from '../aws/clients.ts';
import { deploymentOfStack } from '../aws/deployment.ts';
import { atEmulator } from '../aws/emulated-deployment.ts';
import { readLocalDeployment } from '../aws/local-deployment.ts';
import { InvalidInputError, StrataError, UnavailableError } from '../core/errors.ts';
import type { Scope } from '../lib/contracts/access.ts';
import type { Deployment } from '../lib/contracts/deployment.ts';
import { awsTarget, inRegion } from './aws-account.ts';
import type { Terminal } from './terminal.ts';

/** Options that every command has: where the deployment is, and how results are printed. */
export interface TargetOptions {
  readonly stack?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly endpoint?: string;
  readonly token?: string;
  readonly json?: boolean;
}

/** A deployment with the AWS account it lives in. */
export interface AccountTarget {
  readonly deployment: Deployment;
  readonly aws: AwsTarget;
}

/** An API that answers requests, and perhaps the deployment behind it. */
export interface Target {
  readonly endpoint: string;
  /** The token that was given, otherwise one that is asked for with these scopes. */
  token(scopes: readonly Scope[]): Promise<string>;
  /** Absent when only an endpoint is known. */
  readonly account?: AccountTarget;
}

export function withTargetOptions(command: Command): Command {
  return command
    .addOption(new Option('--stack <name>', 'CloudFormation stack of the deployment').conflicts('endpoint'))
    .option('--region <region>', 'AWS region of the stack')
    .option('--profile <name>', 'named profile of the AWS configuration')
    .option('--endpoint <url>', 'base URL of the API, stage included (or STRATA_ENDPOINT)')
    .option('--token <token>', 'access token for the API (with --endpoint, or STRATA_TOKEN)')
    .option('--json', 'print results and errors as JSON');
}

/**
 * Finds the API: --endpoint, else --stack, else STRATA_ENDPOINT, else the local deployment of this project.
 * @throws InvalidInputError `NO_DEPLOYMENT`, `NO_TOKEN`, `INVALID_ENDPOINT`
 * @throws UnavailableError `LOCAL_DEPLOYMENT_GONE`
 */
export async function findTarget(options: TargetOptions, terminal: Terminal): Promise<Target> {
  const endpoint =
    options.endpoint ?? (options.stack === undefined ? terminal.environment['STRATA_ENDPOINT'] : undefined);
  if (endpoint !== undefined) {
    return apiOnly(endpoint, options.token ?? terminal.environment['STRATA_TOKEN']);
  }
  const account = await findAccount(options, terminal);
  const { deployment, aws } = account;
  return {
    endpoint: deployment.endpoint,
    token: async (scopes) => options.token ?? (await accessToken(cognito(aws), deployment, scopes)).token,
    account,
  };
}

/**
 * The deployment for what needs AWS itself and not only the API.
 * @throws InvalidInputError `NO_DEPLOYMENT`
 * @throws UnavailableError `LOCAL_DEPLOYMENT_GONE`
 */
export async function findAccount(options: TargetOptions, terminal: Terminal): Promise<AccountTarget> {
  if (options.endpoint !== undefined) {
    throw new InvalidInputError(
      'NO_DEPLOYMENT',
      'This command works in the AWS account and not through the API; name the deployment with --stack <name>.',
    );
  }
  if (options.stack !== undefined) {
    const aws = awsTarget(options, terminal);
    const { stack } = options;
    const onAws = await inRegion(aws, () => deploymentOfStack(cloudFormation(aws), stack));
    const { awsEndpoint } = aws;
    const deployment = awsEndpoint === undefined ? onAws : atEmulator(onAws, awsEndpoint);
    return { deployment, aws: { ...aws, region: deployment.region } };
  }
  const deployment =
    (await readLocalDeployment(terminal.directory)) ??
    (terminal.package === undefined ? undefined : await readLocalDeployment(terminal.package));
  if (deployment === undefined) {
    throw new InvalidInputError(
      'NO_DEPLOYMENT',
      'No deployment is named: start the local one with `npm start`, or give --stack <name>, or --endpoint <url> ' +
        'and --token <token>.',
    );
  }
  await assertAnswers(deployment);
  return { deployment, aws: { region: deployment.region, awsEndpoint: deployment.awsEndpoint } };
}

function apiOnly(endpoint: string, token: string | undefined): Target {
  if (!/^https?:/.test(endpoint) || !URL.canParse(endpoint)) {
    throw new InvalidInputError('INVALID_ENDPOINT', `The endpoint ${endpoint} is no http or https URL.`);
  }
  return {
    endpoint: endpoint.replace(/\/+$/, ''),
    token: async () => {
      if (token === undefined || token === '') {
        throw new InvalidInputError('NO_TOKEN', 'An endpoint needs a token: give --token or STRATA_TOKEN.');
      }
      return token;
    },
  };
}

/** A runner that was killed leaves its file behind. */
async function assertAnswers({ awsEndpoint }: Deployment): Promise<void> {
  if (awsEndpoint === undefined) {
    throw new StrataError(
      'LOCAL_DEPLOYMENT_INVALID',
      'The local deployment does not say where its emulator is; run `npm start` again.',
    );
  }
  try {
    await fetch(awsEndpoint, { signal: AbortSignal.timeout(5_000) });
  } catch (cause) {
    throw new UnavailableError(
      'LOCAL_DEPLOYMENT_GONE',
      `The local deployment at ${awsEndpoint} does not answer; is \`npm start\` running?`,
      { cause },
    );
  }
}
