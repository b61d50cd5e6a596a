/**
 * Everything once in a real account: deploy, infer, a release of code that is taken back in its canary, destroy.
 * It costs a few cents, and takes about a quarter of an hour.
 *
 *     STRATA_E2E_ACCOUNT=123456789012 AWS_PROFILE=sandbox AWS_REGION=eu-west-1 npm run e2e:aws
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ListDeploymentsCommand, StopDeploymentCommand } from '@aws-sdk/client-codedeploy';
import { GetAliasCommand } from '@aws-sdk/client-lambda';
import { execa } from 'execa';
import { codeDeploy, lambda } from '../aws/clients.ts';
import { type Caller, callerOf } from '../cli/aws-account.ts';
import { prepareApp } from '../cli/deploy-app.ts';
import { Cdk } from '../cli/deploy-cdk.ts';
import { stackResources, stackState } from '../cli/stack-state.ts';
import { STACKS } from '../lib/contracts/deployment.ts';
import { makeRelease, type ReleasedFunction } from './e2e-release.ts';

const ROOT = resolve(import.meta.dirname, '..');
const PENGUINS = join(ROOT, 'examples', 'penguins');
const target = {};

/** The canary gets a tenth of the traffic for five minutes; before it there is the check of the release. */
const CANARY_WITHIN_MS = 15 * 60_000;
const BACK_WITHIN_MS = 15 * 60_000;
const POLL_MS = 5_000;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function assert(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message);
}

async function strata<T>(...args: string[]): Promise<T> {
  say(`strata ${args.join(' ')}`);
  const { stdout } = await execa(process.execPath, [join(ROOT, 'assets/cli/strata.mjs'), ...args, '--json'], {
    cwd: ROOT,
    stderr: 'inherit',
  });
  return JSON.parse(stdout) as T;
}

/** Nothing is touched but in the account that was named, and only when nothing of the kind is there. */
async function guard(): Promise<Caller> {
  assert(
    process.env['AWS_ENDPOINT_URL'] === undefined,
    'AWS_ENDPOINT_URL is set: this is for a real account',
  );
  const wanted = process.env['STRATA_E2E_ACCOUNT'];
  assert(/^\d{12}$/.test(wanted ?? ''), 'STRATA_E2E_ACCOUNT must name the account that may be used');
  const caller = await callerOf(target);
  assert(caller.account === wanted, `The credentials are of ${caller.account}, not of ${wanted}`);
  for (const stack of Object.values(STACKS)) {
    const state = await stackState(target, stack);
    assert(state === undefined, `${stack} is in ${caller.region} already: choose a region without it`);
  }
  say(`account ${caller.account}, ${caller.region}`);
  return caller;
}

async function inferGolden(version: string): Promise<void> {
  const golden = JSON.parse(await readFile(join(PENGUINS, 'golden.json'), 'utf8')) as {
    inputs: unknown;
    expected: { label: string[] };
  };
  const answer = await strata<{ model_version: string; outputs: { name: string; data: unknown[] }[] }>(
    'infer',
    'penguins',
    `--version=${version}`,
    `--stack=${STACKS.service}`,
    `--input=${JSON.stringify({ inputs: golden.inputs })}`,
  );
  const labels = answer.outputs.find(({ name }) => name === 'label')?.data;
  assert(
    JSON.stringify(labels) === JSON.stringify(golden.expected.label),
    `labels are ${JSON.stringify(labels)}`,
  );
  assert(answer.model_version === version, `version ${answer.model_version} answered`);
  say(`  ${golden.expected.label.length} penguins labelled as expected`);
}

/** What of the stack carries the names that a template only refers to. */
async function physicalIds(): Promise<ReadonlyMap<string, string>> {
  const resources = await stackResources(target, STACKS.service);
  return new Map(resources.map(({ logicalId, physicalId }) => [logicalId, physicalId]));
}

async function until<T>(what: string, withinMs: number, look: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(POLL_MS)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`${what}: not within ${withinMs / 60_000} minutes`);
}

/** Releases new code, sees its canary, stops the release, and sees the alias where it was. */
async function canaryAndRollback(cdk: Cdk): Promise<void> {
  const { app } = await prepareApp(target, cdk.folder);
  const released = await makeRelease(
    app,
    STACKS.service,
    'Answers inference requests with onnxruntime (canary)',
  );
  const ids = await physicalIds();
  const name = (id: string) => ids.get(id) ?? '';
  const alias = () =>
    lambda(target).send(new GetAliasCommand({ FunctionName: name(released.functionId), Name: 'live' }));
  const { FunctionVersion: before } = await alias();

  say('a release of new code');
  let isOver = false;
  const deployment = cdk
    .deploy(app, () => {})
    .then(
      () => 'succeeded' as const,
      () => 'failed' as const,
    );
  void deployment.then(() => {
    isOver = true;
  });
  const weight = await until('the canary', CANARY_WITHIN_MS, async () => {
    assert(!isOver, 'The release ended before a canary was seen');
    const { RoutingConfig } = await alias();
    return Object.values(RoutingConfig?.AdditionalVersionWeights ?? {})[0];
  });
  say(`  canary seen: ${weight * 100} % of the requests`);

  await stop(released, name);
  assert((await deployment) === 'failed', 'CloudFormation has kept a release that was stopped');
  await until('the way back', BACK_WITHIN_MS, async () => {
    const { FunctionVersion, RoutingConfig } = await alias();
    const weights = Object.keys(RoutingConfig?.AdditionalVersionWeights ?? {});
    return FunctionVersion === before && weights.length === 0 ? true : undefined;
  });
  const state = await until('the stack', BACK_WITHIN_MS, async () => {
    const found = await stackState(target, STACKS.service);
    return found?.status.endsWith('_COMPLETE') ? found : undefined;
  });
  assert(state.status === 'UPDATE_ROLLBACK_COMPLETE', `${STACKS.service} is ${state.status}`);
  say(`  taken back to version ${before}`);
}

async function stop(released: ReleasedFunction, name: (id: string) => string): Promise<void> {
  const { deployments = [] } = await codeDeploy(target).send(
    new ListDeploymentsCommand({
      applicationName: name(released.applicationId),
      deploymentGroupName: name(released.deploymentGroupId),
      includeOnlyStatuses: ['InProgress'],
    }),
  );
  const [deploymentId] = deployments;
  assert(deploymentId !== undefined, 'CodeDeploy knows of no deployment in progress');
  await codeDeploy(target).send(new StopDeploymentCommand({ deploymentId, autoRollbackEnabled: true }));
}

async function run(caller: Caller): Promise<void> {
  const terminal = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    directory: ROOT,
  };
  try {
    const { version } = await strata<{ version: string }>(
      'deploy',
      join(PENGUINS, 'model.onnx'),
      '--name',
      'penguins',
      '--yes',
    );
    await inferGolden(version);
    await using cdk = await Cdk.open(terminal, target, caller);
    await canaryAndRollback(cdk);
    await inferGolden(version);
  } finally {
    await strata('destroy', '--with-data', '--yes');
  }
  for (const stack of Object.values(STACKS)) {
    assert((await stackState(target, stack)) === undefined, `${stack} is still there`);
  }
  say('deployed, asked, released by canary, taken back, destroyed');
}

function failed(error: unknown, hint = ''): void {
  process.stderr.write(`failed: ${(error as Error).message}\n${hint}`);
  process.exitCode = 1;
}

try {
  const caller = await guard();
  await run(caller).catch((error: unknown) =>
    failed(error, 'What is left is removed by: npx strata destroy --with-data\n'),
  );
} catch (error) {
  failed(error);
}
