import { GetAccountCommand } from '@aws-sdk/client-api-gateway';
import { GetAccountSettingsCommand, ListLayersCommand } from '@aws-sdk/client-lambda';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { type AwsTarget, apiGateway, lambda, ssm } from '../aws/clients.ts';
import { STACKS } from '../lib/contracts/deployment.ts';
import { type Caller, callerOf } from './aws-account.ts';
import { type BootstrapNeed, bootstrapNeed } from './deploy-app.ts';
import { type Check, fail, ok, warn } from './doctor-check.ts';
import { type StackState, stackState } from './stack-state.ts';

/** Below this many functions at once a burst of requests is throttled; new accounts start with 10. */
const COMFORTABLE_CONCURRENCY = 100;

const RUNTIME = 'nodejs24.x';

export interface AccountReport {
  readonly checks: readonly Check[];
  /** Absent when AWS does not say who is calling. */
  readonly caller?: Caller;
  /** Whether everything else is in place and only the CDK's bootstrap stack is missing or too old. */
  readonly bootstrapMissing: boolean;
}

/** Asks an account, by reading only, whether Strata can be deployed to it. */
export async function checkAccount(target: AwsTarget): Promise<AccountReport> {
  let caller: Caller;
  try {
    caller = await callerOf(target);
  } catch (error) {
    return { checks: [noCaller(error)], bootstrapMissing: false };
  }
  const bootstrap = await bootstrapCheck(target, caller);
  const checks = await Promise.all([
    answered('API Gateway log role', 'apigateway:GET', () => logRole(target)),
    answered('Lambda concurrency', 'lambda:GetAccountSettings', () => concurrency(target)),
    answered(`Lambda runtime ${RUNTIME}`, 'lambda:ListLayers', () => runtime(target, caller)),
    answered(STACKS.data, 'cloudformation:DescribeStacks', () => stack(target, STACKS.data)),
    answered(STACKS.service, 'cloudformation:DescribeStacks', () => stack(target, STACKS.service)),
  ]);
  return {
    caller,
    checks: [
      ok('credentials', `account ${caller.account} as ${caller.arn}`),
      ok('region', caller.region),
      bootstrap,
      ...checks,
    ],
    bootstrapMissing: bootstrap.status === 'fail' && checks.every(({ status }) => status !== 'fail'),
  };
}

function noCaller(error: unknown): Check {
  const { name, message } = error as Error;
  return message === 'Region is missing'
    ? fail('region', 'none is configured', 'give --region, or set AWS_REGION or a region in the profile')
    : fail(
        'credentials',
        `AWS does not accept them, or there are none (${name}: ${message})`,
        'sign in with the AWS CLI (`aws sso login`, `aws configure`), or name a profile with --profile',
      );
}

/** What may not be asked is not known: no reason to stop, but to say so. */
async function answered(name: string, permission: string, check: () => Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    const { name: what, message } = error as Error;
    return warn(name, `not known (${what}: ${message})`, `allow ${permission} to have it checked`);
  }
}

async function bootstrapCheck(target: AwsTarget, { account, region }: Caller): Promise<Check> {
  const name = 'CDK bootstrap';
  return answered(name, 'ssm:GetParameter', async () => {
    const need = await bootstrapNeed();
    const found = await bootstrapVersion(target, need);
    const fix = `npx cdk bootstrap aws://${account}/${region} (or give --bootstrap to strata deploy)`;
    if (found === undefined) return fail(name, 'the account is not bootstrapped in this region', fix);
    return found < need.version
      ? fail(name, `version ${found}, the app needs ${need.version}`, fix)
      : ok(name, `version ${found}`);
  });
}

async function bootstrapVersion(
  target: AwsTarget,
  { parameter }: BootstrapNeed,
): Promise<number | undefined> {
  try {
    const { Parameter } = await ssm(target).send(new GetParameterCommand({ Name: parameter }));
    return Number(Parameter?.Value);
  } catch (error) {
    if ((error as Error).name === 'ParameterNotFound') return undefined;
    throw error;
  }
}

async function logRole(target: AwsTarget): Promise<Check> {
  const name = 'API Gateway log role';
  const { cloudwatchRoleArn } = await apiGateway(target).send(new GetAccountCommand({}));
  return cloudwatchRoleArn
    ? ok(name, cloudwatchRoleArn)
    : warn(
        name,
        'none: the API runs, but cannot write access logs',
        'needed for access logs only: set a role for the account (API Gateway console, Settings)',
      );
}

async function concurrency(target: AwsTarget): Promise<Check> {
  const name = 'Lambda concurrency';
  const { AccountLimit = {} } = await lambda(target).send(new GetAccountSettingsCommand({}));
  const { ConcurrentExecutions = 0, UnreservedConcurrentExecutions = ConcurrentExecutions } = AccountLimit;
  const found = `${UnreservedConcurrentExecutions} of ${ConcurrentExecutions} unreserved`;
  return UnreservedConcurrentExecutions < COMFORTABLE_CONCURRENCY
    ? warn(
        name,
        `${found}: so many requests are answered at once, more are throttled`,
        'ask for more at Service Quotas, Lambda, "Concurrent executions"',
      )
    : ok(name, found);
}

/**
 * Lambda has no list of runtimes to read. What it does have is a filter by runtime, and it refuses a value that the
 * region does not know. That is what this check asks; only a deployment proves that functions run.
 */
async function runtime(target: AwsTarget, { region }: Caller): Promise<Check> {
  const name = `Lambda runtime ${RUNTIME}`;
  try {
    await lambda(target).send(new ListLayersCommand({ CompatibleRuntime: RUNTIME, MaxItems: 1 }));
    return ok(name, `known to ${region}`);
  } catch (error) {
    if (!/^(ValidationException|InvalidParameterValueException)$/.test((error as Error).name)) throw error;
    return fail(name, `not known to ${region}`, 'choose another region with --region');
  }
}

async function stack(target: AwsTarget, name: string): Promise<Check> {
  return stackCheck(name, await stackState(target, name));
}

/** What a stack's state means for a deployment. */
export function stackCheck(name: string, state: StackState | undefined): Check {
  if (state === undefined) return ok(name, 'not deployed');
  const { status, isProtected } = state;
  const found = `${status}${isProtected ? ', protected from deletion' : ''}`;
  if (status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS') {
    return fail(name, found, 'wait until CloudFormation is done with it');
  }
  if (status === 'UPDATE_ROLLBACK_FAILED') {
    return fail(
      name,
      found,
      `npx cdk rollback ${name}, or continue the rollback in the CloudFormation console`,
    );
  }
  if (status === 'DELETE_FAILED' || status === 'ROLLBACK_FAILED') {
    return fail(name, found, 'see its events in the CloudFormation console, then delete it');
  }
  return status === 'ROLLBACK_COMPLETE' || status === 'REVIEW_IN_PROGRESS'
    ? warn(name, `${found}: was never created`, 'the next deployment removes it and starts again')
    : ok(name, found);
}
