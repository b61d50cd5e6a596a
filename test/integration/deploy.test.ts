import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { ListUserPoolsCommand } from '@aws-sdk/client-cognito-identity-provider';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { GetAliasCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { DeleteBucketCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AwsTarget, cloudFormation, cognito, dynamoDb, lambda, s3 } from '../../aws/clients.ts';
import { deploymentOfStack } from '../../aws/deployment.ts';
import { prepareApp } from '../../cli/deploy-app.ts';
import { Cdk } from '../../cli/deploy-cdk.ts';
import { bucketContent, emptyBucket } from '../../cli/destroy-bucket.ts';
import { deleteWithContents } from '../../cli/destroy-contents.ts';
import { deleteStack, releaseStack } from '../../cli/destroy-stack.ts';
import { stackResources, stackState } from '../../cli/stack-state.ts';
import type { Terminal } from '../../cli/terminal.ts';
import { ARTIFACT_PREFIX } from '../../lib/contracts/registry-layout.ts';
import { type Emulator, startEmulator } from '../../local/emulator.ts';
import { findEmulatorSource } from '../../local/emulator-source.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../../local/environment.ts';
import { supportedHost } from '../../local/host.ts';
import { prepareHostLayer } from '../../local/host-layer.ts';
import { createRunDirectory, type RunDirectory } from '../../local/run-directory.ts';
import { makeRelease } from '../../scripts/e2e-release.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The command line as it is published, with the app beside it; the deployment's build made both. */
const STRATA = join(ROOT, 'assets/cli/strata.mjs');
const ADD_SUB = join(ROOT, 'test/support/models/add_sub.onnx');
const FIXED = join(ROOT, 'test/support/models/fixed.onnx');
const DEPLOYS = 120_000;

/** An account where nothing was ever deployed, apart from the one of the other tests. */
let run: RunDirectory;
let emulator: Emulator;
let aws: AwsTarget;
let user: string;

beforeAll(async () => {
  const source = await findEmulatorSource(supportedHost());
  run = await createRunDirectory('deploy-test');
  await source.install(new AbortController().signal, () => {});
  const hostLayer = await prepareHostLayer(source.functionsRunOn, run.path);
  emulator = await startEmulator(source, run, { hostLayer });
  aws = { region: LOCAL_REGION, awsEndpoint: emulator.url };
  user = await mkdtemp(join(tmpdir(), 'deploy-'));
}, DEPLOYS);
afterAll(async () => {
  await emulator?.stop();
  await run?.remove();
  if (user) await rm(user, { recursive: true });
});

/** `strata` as a process of its own, in an empty folder, that knows the emulator and nothing else. */
async function strata(...args: string[]) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [STRATA, ...args], {
    cwd: user,
    reject: false,
    extendEnv: false,
    input: '',
    env: { PATH: process.env['PATH'], HOME: user, TMPDIR: user, AWS_ENDPOINT_URL: emulator.url },
  });
  return { code: exitCode, out: stdout, err: stderr };
}

async function strataJson<T>(...args: string[]): Promise<T> {
  const { code, out, err } = await strata(...args, '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out) as T;
}

interface Deployed {
  readonly endpoint: string;
  readonly model: string;
  readonly version: string;
  readonly first_call: { readonly outputs: readonly string[] };
  readonly idle_cost: { readonly dollarsPerMonth: number };
}

interface Check {
  readonly name: string;
  readonly status: string;
  readonly found: string;
}

async function checkOf(name: string): Promise<Check | undefined> {
  const { out } = await strata('doctor', '--aws', '--json');
  return (JSON.parse(out) as { checks: Check[] }).checks.find((check) => check.name === name);
}

describe('strata, in an account where nothing is', () => {
  it('says what is missing, with the command that brings it', async () => {
    const { code, out, err } = await strata('doctor', '--aws');
    expect(code).toBe(1);
    expect(out).toMatch(/^fail +CDK bootstrap +the account is not bootstrapped in this region$/m);
    expect(out).toContain(`npx cdk bootstrap aws://${LOCAL_ACCOUNT}/${LOCAL_REGION}`);
    expect(out).toMatch(/^ok +StrataData +not deployed$/m);
    expect(err).toBe('error: Not ready: CDK bootstrap. [CHECK_FAILED]');
  });

  it.each([
    ['a file that is no model', ['README.md'], 'NOT_ONNX'],
    ['a file that is not there', ['no-such.onnx'], 'FILE_NOT_FOUND'],
    ['a name that no path can hold', [ADD_SUB, '--name', 'a/b'], 'INVALID_MODEL_NAME'],
    ['an alias that reads like a version', [ADD_SUB, '--alias', 'v7'], 'INVALID_ALIAS'],
    ['an account that is not bootstrapped', [ADD_SUB], 'ACCOUNT_NOT_READY'],
    ['to go on when nobody can be asked', [ADD_SUB, '--bootstrap'], 'CONFIRMATION_NEEDED'],
  ])('refuses %s before anything is deployed', async (_what, args, code) => {
    await writeFile(join(user, 'README.md'), 'no model');
    const yes = code === 'CONFIRMATION_NEEDED' ? [] : ['--yes'];
    const refused = await strata('deploy', ...args, ...yes, '--json');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(JSON.parse(refused.err)).toMatchObject({ error_code: code });
    expect(await stackState(aws, 'CDKToolkit')).toBeUndefined();
    expect(await stackState(aws, 'StrataData')).toBeUndefined();
  });

  it('has nothing to destroy', async () => {
    expect(await strataJson('destroy')).toEqual({ removed: [], kept: [] });
  });
});

describe('strata deploy', () => {
  let first: Deployed;

  it(
    'goes from the file to an endpoint that answers',
    async () => {
      const { code, out, err } = await strata('deploy', ADD_SUB, '--bootstrap', '--yes');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toContain('add_sub version 1 is served as champion at');
      expect(out).toMatch(/It answered made-up inputs with sum, difference in \d+ ms/);
      expect(out).toMatch(/Costs \d+\.\d\d USD a month when nobody uses it: .*encryption keys/);
      expect(out).toContain('npx strata destroy --with-data');
    },
    DEPLOYS,
  );

  it(
    'prints lines that work when they are pasted',
    async () => {
      const { out } = await strata('deploy', ADD_SUB, '--name', 'pasted', '--yes');
      const lines = out.split('\n').map((line) => line.trimStart());
      const from = lines.findIndex((line) => line.startsWith('TOKEN='));
      const shell = lines.slice(from, lines.indexOf('From Python:')).join('\n');
      const python = lines.slice(
        lines.findIndex((line) => line.startsWith('import json')),
        lines.findIndex((line) => line.startsWith('print(')) + 1,
      );
      const npx = `npx() { shift; "${process.execPath}" "${STRATA}" "$@"; }`;
      const environment = { cwd: user, env: { AWS_ENDPOINT_URL: emulator.url } };
      const { stdout } = await execa('bash', ['-euc', `${npx}\n${shell}`], environment);
      expect(stdout).toContain('"name":"pasted","versions":["1"]');
      expect(stdout).toMatch(/"name":"sum",.*"data":\[2,2,2,2\]/);

      await writeFile(
        join(user, 'npx'),
        `#!/usr/bin/env bash\nshift\nexec "${process.execPath}" "${STRATA}" "$@"\n`,
        {
          mode: 0o755,
        },
      );
      const path = { PATH: `${user}:${process.env['PATH']}` };
      const { stdout: printed } = await execa('python3', ['-c', python.join('\n')], {
        ...environment,
        env: { ...environment.env, ...path },
      });
      expect(printed).toContain("'name': 'difference'");
      expect(printed).toContain("'data': [0, 0, 0, 0]");
    },
    DEPLOYS,
  );

  it(
    'a second time makes a version, and keeps the endpoint',
    async () => {
      first = await strataJson<Deployed>('deploy', ADD_SUB, '--yes');
      const again = await strataJson<Deployed>('deploy', ADD_SUB, '--yes');
      expect(again.endpoint).toBe(first.endpoint);
      expect([first.version, again.version]).toEqual(['2', '3']);
      expect(again.first_call.outputs).toEqual(['sum', 'difference']);
      expect(again.idle_cost).toEqual(first.idle_cost);
      const { out } = await strata('models', '--stack', 'StrataService');
      expect(out).toMatch(/^add_sub +3 +champion +READY/m);
    },
    DEPLOYS,
  );

  it(
    'releases new code to the alias',
    async () => {
      const target = { ...aws };
      const caller = { account: LOCAL_ACCOUNT, region: LOCAL_REGION, arn: '' };
      const terminal = { directory: ROOT, environment: { PATH: process.env['PATH'], HOME: user } };
      await using cdk = await Cdk.open(terminal as unknown as Terminal, target, caller);
      const { app } = await prepareApp(target, cdk.folder);
      const { functionId, applicationId } = await makeRelease(app, 'StrataService', 'the next release');
      const resources = await stackResources(target, 'StrataService');
      const physicalId = (id: string) => resources.find(({ logicalId }) => logicalId === id)?.physicalId;
      expect(physicalId(applicationId)).toBeDefined();
      const versionOfAlias = async () => {
        const command = new GetAliasCommand({ FunctionName: physicalId(functionId), Name: 'live' });
        return (await lambda(target).send(command)).FunctionVersion;
      };
      const before = Number(await versionOfAlias());
      await cdk.deploy(app, () => {});
      expect(Number(await versionOfAlias())).toBe(before + 1);
    },
    DEPLOYS,
  );

  it(
    'leaves the alias where it was when the new version is refused',
    async () => {
      const served = await strataJson<Deployed>('deploy', ADD_SUB, '--name', 'guarded', '--yes');
      expect(served.version).toBe('1');
      // Somebody has put other bytes in the place of the next model.
      const digest = createHash('sha256')
        .update(await readFile(FIXED))
        .digest('hex');
      const Bucket = (await deploymentOfStack(cloudFormation(aws), 'StrataService')).artifactsBucket;
      await s3(aws).send(
        new PutObjectCommand({ Bucket, Key: `${ARTIFACT_PREFIX}${digest}`, Body: 'damaged' }),
      );

      const failed = await strata('deploy', FIXED, '--name', 'guarded', '--yes', '--json');

      expect(failed).toMatchObject({ code: 1, out: '' });
      const { error, error_code } = JSON.parse(failed.err) as { error: string; error_code: string };
      expect(error_code).toBe('VERSION_REFUSED');
      expect(error).toContain(`The stored bytes of artifact ${digest} are not those that were uploaded`);
      const { out } = await strata('models', '--stack', 'StrataService');
      expect(out).toMatch(/^guarded +1 +champion +READY/m);
    },
    DEPLOYS,
  );

  it('leaves no files behind', async () => {
    const left = (await readdir(user)).filter((name) => name.startsWith('strata-deploy-'));
    expect(left).toEqual([]);
  });

  it('is seen by the doctor', async () => {
    expect(await checkOf('StrataData')).toMatchObject({
      status: 'ok',
      found: expect.stringMatching(/_COMPLETE, protected from deletion$/),
    });
    expect(await checkOf('CDK bootstrap')).toMatchObject({ status: 'ok' });
  });
});

describe('strata destroy', () => {
  it('asks first', async () => {
    const { code, err } = await strata('destroy', '--with-data');
    expect(code).toBe(1);
    expect(err).toContain('[CONFIRMATION_NEEDED]');
    expect(await stackState(aws, 'StrataService')).toBeDefined();
  });

  it(
    'removes what runs, tensors of callers included, and keeps the models, which the next deployment serves again',
    async () => {
      const resources = await stackResources(aws, 'StrataService');
      const exchange = resources.find(({ type }) => type === 'AWS::S3::Bucket')?.physicalId;
      await s3(aws).send(new PutObjectCommand({ Bucket: exchange, Key: 'in/caller/tensor', Body: 'bytes' }));

      expect(await strataJson('destroy', '--yes')).toMatchObject({
        removed: ['StrataService'],
        kept: ['StrataData'],
      });
      expect(await stackState(aws, 'StrataService')).toBeUndefined();
      expect((await lambda(aws).send(new ListFunctionsCommand({}))).Functions).toEqual([]);
      expect(await stackState(aws, 'StrataData')).toMatchObject({ isProtected: true });

      const again = await strataJson<Deployed>('deploy', ADD_SUB, '--yes');
      expect(again.version).toBe('4');
    },
    DEPLOYS,
  );

  it(
    'with the data says what is lost, and leaves nothing',
    async () => {
      const { removed, lost } = await strataJson<{ removed: string[]; lost: string[] }>(
        'destroy',
        '--with-data',
        '--yes',
      );
      expect(removed).toEqual(['StrataService', 'StrataData']);
      expect(lost).toContainEqual(
        expect.stringMatching(/^table \S+ with 3 models \(add_sub, guarded, pasted\)/),
      );
      // One file, whose digest is that of every version but one, and the damaged one.
      expect(lost).toContainEqual(expect.stringMatching(/^bucket \S+ with 2 objects, .*\(211 B\)$/));
      expect(lost).toContainEqual(expect.stringMatching(/^user pool /));
      expect(lost).toContainEqual(expect.stringMatching(/^key .* restored/));

      expect(await stackState(aws, 'StrataData')).toBeUndefined();
      expect((await dynamoDb(aws).send(new ListTablesCommand({}))).TableNames).toEqual([]);
      expect((await cognito(aws).send(new ListUserPoolsCommand({ MaxResults: 10 }))).UserPools).toEqual([]);
      const { Buckets = [] } = await s3(aws).send(new ListBucketsCommand({}));
      expect(Buckets.map(({ Name }) => Name)).toEqual([
        `cdk-hnb659fds-assets-${LOCAL_ACCOUNT}-${LOCAL_REGION}`,
      ]);
    },
    DEPLOYS,
  );

  // The emulator deletes buckets that hold something, AWS does not: so what was emptied is looked at.
  it('empties the buckets that go with a stack, all versions, and none that stays', async () => {
    const client = cloudFormation(aws);
    const versioned = { VersioningConfiguration: { Status: 'Enabled' } };
    const template = {
      Resources: {
        Goes: { Type: 'AWS::S3::Bucket', Properties: versioned },
        Stays: { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain', Properties: versioned },
      },
    };
    await client.send(
      new CreateStackCommand({ StackName: 'Buckets', TemplateBody: JSON.stringify(template) }),
    );
    await expect.poll(async () => (await stackState(aws, 'Buckets'))?.status).toBe('CREATE_COMPLETE');
    const resources = await stackResources(aws, 'Buckets');
    const [goes, stays] = ['Goes', 'Stays'].map(
      (id) => resources.find(({ logicalId }) => logicalId === id)?.physicalId ?? '',
    );
    for (const Bucket of [goes, stays, goes]) {
      await s3(aws).send(new PutObjectCommand({ Bucket, Key: 'in/caller/tensor', Body: 'bytes' }));
    }
    const lines: string[] = [];

    await deleteWithContents(aws, 'Buckets', (line) => lines.push(line));

    expect(lines.filter((line) => line.includes('objects deleted'))).toEqual([`${goes}: 2 objects deleted`]);
    expect(await stackState(aws, 'Buckets')).toBeUndefined();
    expect(await bucketContent(aws, stays ?? '')).toEqual({ objects: 1, bytes: 5 });
    await emptyBucket(aws, stays ?? '');
    await s3(aws).send(new DeleteBucketCommand({ Bucket: stays }));
  });

  it('takes a stack whose template is too long to be sent', async () => {
    const client = cloudFormation(aws);
    const bucket = { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };
    const template = { Metadata: { Filler: 'x'.repeat(60_000) }, Resources: { Bucket: bucket } };
    const staging = `cdk-hnb659fds-assets-${LOCAL_ACCOUNT}-${LOCAL_REGION}`;
    await s3(aws).send(
      new PutObjectCommand({ Bucket: staging, Key: 'long.json', Body: JSON.stringify(template) }),
    );
    const TemplateURL = `${emulator.url}/${staging}/long.json`;
    await client.send(new CreateStackCommand({ StackName: 'Long', TemplateURL }));
    await expect.poll(async () => (await stackState(aws, 'Long'))?.status).toBe('CREATE_COMPLETE');

    const caller = { account: LOCAL_ACCOUNT, region: LOCAL_REGION, arn: '' };
    await releaseStack(aws, caller, 'Long', () => {});
    await deleteStack(aws, 'Long', () => {});
    expect(await stackState(aws, 'Long')).toBeUndefined();
    const { Buckets = [] } = await s3(aws).send(new ListBucketsCommand({}));
    expect(Buckets.map(({ Name }) => Name)).toEqual([staging]);
  });
});
