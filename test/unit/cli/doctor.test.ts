import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { APIGatewayClient, GetAccountCommand } from '@aws-sdk/client-api-gateway';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetAccountSettingsCommand, LambdaClient, ListLayersCommand } from '@aws-sdk/client-lambda';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { confirm } from '../../../cli/confirm.ts';
import { findCdk } from '../../../cli/deploy-cdk.ts';
import { checkAccount, stackCheck } from '../../../cli/doctor-aws.ts';
import { nodeCheck, platformCheck } from '../../../cli/doctor-machine.ts';
import type { Terminal } from '../../../cli/terminal.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** What an emulator does not answer as an account may: quotas, refusals, regions. */
const sts = mockClient(STSClient);
const ssm = mockClient(SSMClient);
const lambda = mockClient(LambdaClient);
const apiGateway = mockClient(APIGatewayClient);
const cloudFormation = mockClient(CloudFormationClient);

const refused = (name: string, message = name) => Object.assign(new Error(message), { name });

beforeEach(() => {
  for (const client of [sts, ssm, lambda, apiGateway, cloudFormation]) client.reset();
  sts
    .on(GetCallerIdentityCommand)
    .resolves({ Account: '123456789012', Arn: 'arn:aws:iam::123456789012:user/a' });
  ssm.on(GetParameterCommand).resolves({ Parameter: { Value: '25' } });
  lambda.on(GetAccountSettingsCommand).resolves({
    AccountLimit: { ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: 900 },
  });
  lambda.on(ListLayersCommand).resolves({ Layers: [] });
  apiGateway.on(GetAccountCommand).resolves({ cloudwatchRoleArn: 'arn:aws:iam::123456789012:role/logs' });
  cloudFormation.on(DescribeStacksCommand).rejects(refused('ValidationError', 'Stack does not exist'));
});

async function statuses(): Promise<Record<string, string>> {
  const { checks } = await checkAccount({ region: 'eu-west-1' });
  return Object.fromEntries(checks.map(({ name, status }) => [name, status]));
}

describe('an account', () => {
  it('that has everything is ready', async () => {
    expect(new Set(Object.values(await statuses()))).toEqual(new Set(['ok']));
    const { caller, bootstrapMissing } = await checkAccount({ region: 'eu-west-1' });
    expect(caller).toEqual({
      account: '123456789012',
      region: 'eu-west-1',
      arn: 'arn:aws:iam::123456789012:user/a',
    });
    expect(bootstrapMissing).toBe(false);
  });

  it('that nobody may use fails at once, and nothing else is asked', async () => {
    sts.on(GetCallerIdentityCommand).rejects(refused('ExpiredToken', 'The token has expired'));
    expect(await statuses()).toEqual({ credentials: 'fail' });
    expect(lambda.calls()).toEqual([]);
  });

  it.each([
    ['not bootstrapped', refused('ParameterNotFound')],
    ['bootstrapped long ago', { Parameter: { Value: '5' } }],
  ])('that is %s can be bootstrapped', async (_what, answer) => {
    const asked = ssm.on(GetParameterCommand);
    if (answer instanceof Error) asked.rejects(answer);
    else asked.resolves(answer);
    const { checks, bootstrapMissing } = await checkAccount({ region: 'eu-west-1' });
    const check = checks.find(({ name }) => name === 'CDK bootstrap');
    expect(check).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('aws://123456789012/eu-west-1'),
    });
    expect(bootstrapMissing).toBe(true);
  });

  it('with a new quota of ten works, with a warning', async () => {
    lambda.on(GetAccountSettingsCommand).resolves({
      AccountLimit: { ConcurrentExecutions: 10, UnreservedConcurrentExecutions: 10 },
    });
    expect(await statuses()).toMatchObject({ 'Lambda concurrency': 'warn' });
  });

  it('without a log role works, with a warning', async () => {
    apiGateway.on(GetAccountCommand).resolves({});
    expect(await statuses()).toMatchObject({ 'API Gateway log role': 'warn' });
  });

  it('in a region that does not know the runtime fails', async () => {
    lambda.on(ListLayersCommand).rejects(refused('ValidationException', 'failed to satisfy constraint'));
    expect(await statuses()).toMatchObject({ 'Lambda runtime nodejs24.x': 'fail' });
  });

  it('that forbids to look is told what to allow, and may be deployed to', async () => {
    for (const client of [ssm, lambda, apiGateway, cloudFormation]) {
      client.reset();
      client.onAnyCommand().rejects(refused('AccessDeniedException'));
    }
    const { checks } = await checkAccount({ region: 'eu-west-1' });
    expect(checks.filter(({ status }) => status === 'fail')).toEqual([]);
    expect(checks.find(({ name }) => name === 'Lambda concurrency')?.fix).toBe(
      'allow lambda:GetAccountSettings to have it checked',
    );
  });
});

describe('a stack', () => {
  it.each([
    ['CREATE_COMPLETE', 'ok'],
    ['UPDATE_ROLLBACK_COMPLETE', 'ok'],
    ['ROLLBACK_COMPLETE', 'warn'],
    ['REVIEW_IN_PROGRESS', 'warn'],
    ['UPDATE_IN_PROGRESS', 'fail'],
    ['UPDATE_ROLLBACK_FAILED', 'fail'],
    ['DELETE_FAILED', 'fail'],
  ])('in the state %s is %s', (status, expected) => {
    const check = stackCheck('StrataData', { status, isProtected: false, id: 'StrataData' });
    expect(check.status).toBe(expected);
    expect(check.fix === undefined).toBe(expected === 'ok');
  });
});

describe('a machine', () => {
  it.each([
    ['22.0.0', 'ok'],
    ['24.21.0', 'ok'],
    ['20.20.2', 'fail'],
  ])('with Node %s is %s', (version, status) => {
    expect(nodeCheck(version).status).toBe(status);
  });

  it.each([
    ['linux', 'x64', '2.28', 'ok'],
    ['linux', 'arm64', '2.39', 'ok'],
    ['linux', 'x64', '2.17', 'warn'],
    ['linux', 'x64', undefined, 'warn'],
    ['darwin', 'arm64', undefined, 'ok'],
    ['win32', 'x64', undefined, 'fail'],
    ['linux', 's390x', '2.36', 'fail'],
  ])('%s/%s with glibc %s is %s', (platform, arch, glibc, status) => {
    expect(platformCheck(platform, arch, glibc).status).toBe(status);
  });
});

describe('the CDK', () => {
  let project: string;
  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'cdk-'));
  });
  afterAll(() => rm(project, { recursive: true }));

  const place = async (...folder: string[]) => {
    const path = join(project, ...folder, 'cdk');
    await mkdir(join(project, ...folder), { recursive: true });
    await writeFile(path, '#!/bin/sh\n');
    await chmod(path, 0o755);
    return path;
  };

  it('of the project that the user is in comes first, from any folder in it', async () => {
    const own = await place('node_modules', '.bin');
    const inPath = await place('bin');
    const environment = { PATH: join(inPath, '..') };
    expect(findCdk({ directory: join(project, 'src', 'deep'), environment })).toBe(own);
  });

  it('that came with strata comes next', () => {
    const found = findCdk({ directory: '/', environment: { PATH: '/nowhere' } });
    expect(found).toBe(join(ROOT, 'node_modules/.bin/cdk'));
  });
});

describe('a question', () => {
  const ask = async (typed: string, answer?: string) => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const stdout = new PassThrough();
    stdin.write(`${typed}\n`);
    await confirm({ plan: 'Removes everything.', answer }, { stdin, stdout } as unknown as Terminal);
    return String(stdout.read());
  };

  it('shows the plan and takes a yes', async () => {
    expect(await ask('y')).toContain('Removes everything.');
    expect(await ask('yes')).toContain('(y/N)');
  });

  it.each([
    ['', undefined],
    ['n', undefined],
    ['y', 'StrataData'],
    ['strata', 'StrataData'],
  ])('takes %j for no', async (typed, answer) => {
    await expect(ask(typed, answer)).rejects.toMatchObject({ code: 'NOT_CONFIRMED' });
  });

  it('about data wants its name', async () => {
    expect(await ask('StrataData', 'StrataData')).toContain('Type StrataData to go on');
  });
});
