import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3buckets from 'aws-cdk-lib/aws-s3';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import type { Construct } from 'constructs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AccessRulesTable } from '../../aws/access-rules-table.ts';
import { ArtifactsBucket } from '../../aws/artifacts-bucket.ts';
import { dynamoDb, s3, s3Signer } from '../../aws/clients.ts';
import { RegistryTable } from '../../aws/registry-table.ts';
import { StagingBucket } from '../../aws/staging-bucket.ts';
import { TrackingTable } from '../../aws/tracking-table.ts';
import { readAccessDocument } from '../../core/access/access-document.ts';
import { uploadKey } from '../../core/protocol/exchange/exchange-key.ts';
import { registerModel } from '../../core/registry/register-model.ts';
import { draftFolder, versionFolder } from '../../core/registry/staging-keys.ts';
import { ShopRegistry } from '../../examples/compose/shop-registry';
import { ShopStack } from '../../examples/compose/shop-stack';
import {
  Exchange,
  Gateway,
  type IModelRegistry,
  type IModelRegistryStore,
  ModelRegistry,
  RegistryApi,
  Serving,
} from '../../lib';
import { ENVIRONMENT } from '../../lib/contracts/environment';
import { AwsInMemory } from '../support/aws-in-memory.ts';
import { arnText, type IamRequest, PolicyEvaluator } from '../support/iam-policy.ts';
import { type NamedResources, requestsOf, requestsOfSignedUrl } from '../support/iam-requests.ts';
import { TEST_ENV, testApp, testStack } from '../support/synth';

/** Names that the code is told; what they are in a template is for `App.names`. */
const TABLE = 'registry-table';
const ARTIFACTS = 'artifacts-bucket';
const EXCHANGE = 'exchange-bucket';
const STAGING = 'staging-bucket';
const PRINCIPAL = '6fd1example23client45id';

const context = {
  functionName: 'infer',
  awsRequestId: 'a5ee2a35-1c1e-4b7a-8f3e-0d6c1d3c5b42',
  getRemainingTimeInMillis: () => 29_000,
} as Context;
const event = (file: string): APIGatewayProxyEvent =>
  JSON.parse(readFileSync(new URL(`../../events/${file}`, import.meta.url), 'utf8'));
const modelFile = (name: string) => new URL(`../support/models/${name}.onnx`, import.meta.url).pathname;

/** Everything that was asked of AWS, by whom. */
const asked = { infer: [], sign: [], registers: [], puts: [], api: [] } as Record<Role, Asked[]>;
type Role = 'infer' | 'sign' | 'registers' | 'puts' | 'api';
type Asked = (names: NamedResources) => IamRequest[];

let folder: string;
const aws = new AwsInMemory();

function take(role: Role, ...signed: URL[]): void {
  asked[role].push(
    ...aws.takeCommands().map((command) => (names: NamedResources) => requestsOf(command, names)),
    ...signed.map((url) => (names: NamedResources) => requestsOfSignedUrl(url, names)),
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'access-patterns-'));
  const environment = {
    [ENVIRONMENT.registryTable]: TABLE,
    [ENVIRONMENT.artifactsBucket]: ARTIFACTS,
    [ENVIRONMENT.exchangeBucket]: EXCHANGE,
    [ENVIRONMENT.stagingBucket]: STAGING,
    [ENVIRONMENT.exchangeUrlExpiry]: '900',
    [ENVIRONMENT.exchangeMaxUpload]: '104857600',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
    AWS_REGION: TEST_ENV.region,
    AWS_ACCESS_KEY_ID: 'AKIATEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL: undefined,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_METRICS_DISABLED: 'true',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  await register();
  await putAccessRules();
  await serve();
  await sign();
  await answerMlflow();
}, 60_000);

afterAll(async () => {
  vi.unstubAllEnvs();
  aws.restore();
  await rm(folder, { recursive: true });
});

/** What `strata register`, `strata alias` and `strata models` do. */
async function register(): Promise<void> {
  const registry = new RegistryTable(dynamoDb(), TABLE);
  const artifacts = new ArtifactsBucket(s3(), ARTIFACTS);
  for (const [model, file] of [
    ['fixed_by_event', 'fixed'],
    ['fixed_by_event', 'fixed'],
    ['numbers', 'identity_fp32'],
  ] as const) {
    await registerModel({ model, path: modelFile(file), alias: 'champion' }, { registry, artifacts });
  }
  await registry.setAlias({ model: 'fixed_by_event', alias: 'champion', version: '1' });
  // For an alias that is not there its log is asked.
  await registry.setAlias({ model: 'numbers', alias: 'challenger', version: '1' });
  await Promise.all([registry.ping(), registry.modelNames(), registry.model('numbers')]);
  // Large enough to go in parts.
  const large = Buffer.alloc(9 * 1024 * 1024, 1);
  const path = join(folder, 'large');
  writeFileSync(path, large);
  const digest = createHash('sha256').update(large).digest('hex');
  expect(await artifacts.put({ digest, size: large.length }, path)).toBe('created');
  take('registers');
}

/** What `strata access` does. */
async function putAccessRules(): Promise<void> {
  const rules = new AccessRulesTable(dynamoDb(), TABLE);
  const document = readAccessDocument({
    version: 1,
    rules: [{ principals: ['*'], actions: ['*'], models: ['*'] }],
  });
  await rules.put({ document, replaces: 0, actor: 'somebody' });
  await Promise.all([rules.current(), rules.revision(1), rules.history(10)]);
  take('puts');
}

/** The function `infer`: readiness, a plain request, one whose tensors go through the exchange, and its own check. */
async function serve(): Promise<void> {
  const { handler } = await import('../../lambdas/infer/handler.ts');
  const plain = event('infer/json-request.json');
  expect(await handler(plain, context)).toMatchObject({ statusCode: 200 });
  await handler({ strata: 'self-check' } as never, context);

  const count = 1_300_000;
  const key = uploadKey(PRINCIPAL, 'upload');
  aws.putObject(EXCHANGE, key, Buffer.from(new Float32Array(count).fill(Math.PI).buffer));
  const body = {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, count], parameters: { s3_object: key } }],
    parameters: { s3_outputs: true },
  };
  const path = '/v2/models/numbers/infer';
  const request = { ...plain, path, body: JSON.stringify(body), isBase64Encoded: false };
  const answer = await handler(request, context);
  expect(answer).toMatchObject({ statusCode: 200 });
  const { outputs } = JSON.parse(
    Buffer.from(answer.body, answer.isBase64Encoded ? 'base64' : 'utf8').toString(),
  );
  const missing = await handler(
    { ...request, body: JSON.stringify(body).replaceAll('/upload', '/missing') },
    context,
  );
  expect(missing.body).toContain('TENSOR_NOT_FOUND');
  take('infer', new URL(outputs[0].parameters.s3_url));
}

/** The function `exchange`. */
async function sign(): Promise<void> {
  const { handler } = await import('../../lambdas/exchange/handler.ts');
  const { body } = await handler(event('exchange/two-uploads.json'), context);
  take('sign', ...JSON.parse(body).uploads.map(({ url }: { url: string }) => new URL(url)));
}

/** The function `registry-api`: a model and a version from their beginning to their end. */
async function answerMlflow(): Promise<void> {
  const { handler } = await import('../../lambdas/registry-api/handler.ts');
  const template = event('registry-api/create-model.json');
  const call = async (method: string, path: string, fields: Record<string, unknown>) => {
    const query = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, [String(value)]]));
    const { statusCode } = await handler(
      {
        ...template,
        httpMethod: method,
        path: `/api/2.0/mlflow/${path}`,
        pathParameters: { proxy: `2.0/mlflow/${path}` },
        multiValueQueryStringParameters: method === 'GET' ? query : null,
        body: method === 'GET' ? null : JSON.stringify(fields),
        isBase64Encoded: false,
        requestContext: {
          ...template.requestContext,
          authorizer: { principal: PRINCIPAL, scopes: 'registry.read registry.write deploy', groups: '[]' },
        },
      },
      context,
    );
    expect([path, statusCode]).toEqual([path, 200]);
  };
  await handler(event('registry-api/self-check.json') as never, context);
  const name = 'text';
  const long = 'x'.repeat(5000);
  const tags = [{ key: 'mlflow.prompt.is_prompt', value: 'true' }];
  await call('POST', 'registered-models/create', { name, tags });
  await call('POST', 'model-versions/create', { name, source: 'none', tags: [{ key: 'text', value: long }] });
  await call('POST', 'registered-models/set-tag', { name, key: 'card', value: long });
  await call('GET', 'registered-models/get', { name });
  await call('GET', 'registered-models/search', { filter: "tags.card LIKE 'x%'" });
  await call('GET', 'model-versions/search', { filter: `name = '${name}'` });
  await call('GET', 'model-versions/get', { name, version: '1' });
  await call('POST', 'registered-models/alias', { name, alias: 'champion', version: '1' });
  await call('DELETE', 'registered-models/alias', { name, alias: 'champion' });
  await call('POST', 'model-versions/transition-stage', { name, version: '1', stage: 'Staging' });
  await call('PATCH', 'registered-models/update', { name, description: 'a text' });
  await call('DELETE', 'registered-models/delete-tag', { name, key: 'card' });
  await call('POST', 'registered-models/rename', { name, new_name: 'words' });
  await call('DELETE', 'model-versions/delete', { name: 'words', version: '1' });
  await call('POST', 'model-versions/create', { name: 'words', source: 'none' });
  await call('DELETE', 'registered-models/delete', { name: 'words' });
  take('api');
  await push();
}

/** What a client does that logs a model with its files and registers it. */
async function push(): Promise<void> {
  const staging = new StagingBucket({ client: s3(), signer: s3Signer(), bucket: STAGING });
  const tracking = new TrackingTable(dynamoDb(), TABLE);
  const { id: experimentId } = await tracking.createExperiment({ name: 'pushes', tags: { team: 'risk' } });
  await tracking.experimentNamed('pushes');
  await tracking.experiments();
  const run = await tracking.createRun({ experimentId, name: 'run', startTime: 1, author: PRINCIPAL });
  const logged = { kind: 'run', id: run.id } as const;
  const metrics = [{ key: 'f1', value: 1, timestamp: 1, step: 1 }];
  await tracking.log(logged, { metrics, params: { depth: '3' }, tags: { kind: 'baseline' } });
  await tracking.deleteTag(logged, 'kind');
  await tracking.updateRun(run.id, { status: 'FINISHED' });
  await tracking.metricHistory(run.id, 'f1');
  await tracking.runs(experimentId);
  const model = await tracking.createLoggedModel({ experimentId, name: 'model', author: PRINCIPAL });
  await tracking.finishLoggedModel(model.id, 'LOGGED_MODEL_READY');
  await tracking.loggedModels(experimentId);
  const folder = draftFolder({ kind: 'loggedModel', id: model.id });
  await staging.put(`${folder}/MLmodel`, Buffer.from('flavors'));
  await staging.size(`${folder}/MLmodel`);
  await staging.list(folder);
  const upload = await staging.startUpload(`${folder}/model.onnx`, 1);
  await staging.completeUpload(`${folder}/model.onnx`, upload.id, []);
  await staging.startUpload(`${folder}/other`, 1);
  await staging.abortUpload(`${folder}/other`, upload.id);
  await staging.copyFolder(folder, versionFolder('1'));
  const signed = [
    await staging.signUpload(`${folder}/large`, 10),
    await staging.signDownload(`${versionFolder('1')}/MLmodel`),
    ...upload.urls,
  ];
  await tracking.deleteLoggedModel(model.id);
  take('api', ...signed.map((url) => new URL(url)));
}

interface App {
  readonly template: Template;
  readonly names: NamedResources;
}

/** An app in which roles were given a registry and an exchange by the constructs' own verbs. */
function app(makeRegistry: (stack: Stack) => IModelRegistry, stack = testStack()): App {
  const registry = makeRegistry(stack);
  const gateway = new Gateway(stack, 'Gateway');
  const exchange = new Exchange(stack, 'Exchange', { gateway });
  new Serving(stack, 'Serving', { registry, gateway, exchange });
  const staging = s3buckets.Bucket.fromBucketName(stack, 'Staging', STAGING);
  new RegistryApi(stack, 'Api', { gateway, store: storeOf(registry, staging) });
  registry.grantWrite(role(stack, 'Registers'));
  registry.grantWriteAccessRules(role(stack, 'PutsRules'));
  const text = (value: string) => arnText(stack.resolve(value));
  const keyArn = text(registry.artifactsBucket.encryptionKey?.keyArn ?? '');
  return {
    template: Template.fromStack(stack),
    names: {
      [TABLE]: { arn: text(registry.table.tableArn), keyArn },
      [ARTIFACTS]: { arn: text(registry.artifactsBucket.bucketArn), keyArn },
      [EXCHANGE]: { arn: text(exchange.bucket.bucketArn) },
      [STAGING]: { arn: text(staging.bucketArn), keyArn },
    },
  };
}

/** What a registry keeps its data in, whoever made it. */
function storeOf(
  { node, table, artifactsBucket }: IModelRegistry,
  stagingBucket: s3buckets.IBucket,
): IModelRegistryStore {
  return {
    node,
    table,
    artifactsBucket,
    stagingBucket,
    encryptionKey: artifactsBucket.encryptionKey,
  } as IModelRegistryStore;
}

function role(scope: Construct, id: string): iam.Role {
  return new iam.Role(scope, id, { assumedBy: new iam.ServicePrincipal('codebuild.amazonaws.com') });
}

const ROLES = {
  infer: 'ServingInfer',
  sign: 'ExchangeSign',
  registers: 'Registers',
  puts: 'PutsRules',
  api: 'ApiAnswer',
};

const APPS = {
  'a registry of its own': app((stack) => new ModelRegistry(stack, 'Registry')),
  'the registry of the example, in a table that is shared': (() => {
    const shop = new ShopStack(testApp(), 'Shop', { env: TEST_ENV });
    const { table, files, key } = shop;
    return app((stack) => new ShopRegistry(stack, 'Models', { table, files, key }), shop as never);
  })(),
};

describe.each(Object.entries(APPS))('with %s', (_name, { template, names }) => {
  it.each(Object.entries(ROLES) as [Role, string][])('%s may do all that it does', (who, id) => {
    const policies = new PolicyEvaluator(template, id);
    const requests = asked[who].flatMap((request) => request(names));
    expect(requests.length).toBeGreaterThan(1);
    expect(requests.filter((request) => !policies.allows(request))).toEqual([]);
  });

  const table = names[TABLE]?.arn as string;
  const files = names[ARTIFACTS]?.arn as string;
  const keys = (...leading: string[]) => ({ 'dynamodb:LeadingKeys': leading });

  it.each([
    ['infer', 'dynamodb:Query', 'LOG#id'],
    ['infer', 'dynamodb:GetItem', 'OUTBOX#id'],
    ['infer', 'dynamodb:GetItem', 'ORDER#1'],
    ['infer', 'dynamodb:PutItem', 'M#id'],
    ['registers', 'dynamodb:PutItem', 'ACCESS'],
    ['registers', 'dynamodb:UpdateItem', 'ACCESS'],
    ['registers', 'dynamodb:UpdateItem', 'LOG#id'],
    ['registers', 'dynamodb:UpdateItem', 'OUTBOX#id'],
    ['registers', 'dynamodb:PutItem', 'OUTBOX#ACCESS'],
    ['registers', 'dynamodb:DeleteItem', 'M#id'],
    ['registers', 'dynamodb:PutItem', 'ORDER#1'],
    ['api', 'dynamodb:PutItem', 'ACCESS'],
    ['api', 'dynamodb:DeleteItem', 'ACCESS'],
    ['api', 'dynamodb:DeleteItem', 'LOG#id'],
    ['api', 'dynamodb:UpdateItem', 'LOG#id'],
    ['api', 'dynamodb:BatchWriteItem', 'LOG#id'],
    ['api', 'dynamodb:DeleteItem', 'OUTBOX#id'],
    ['api', 'dynamodb:BatchWriteItem', 'NAME#x'],
    ['api', 'dynamodb:DeleteItem', 'ORDER#1'],
    ['puts', 'dynamodb:PutItem', 'M#id'],
    ['puts', 'dynamodb:UpdateItem', 'ACCESS'],
    ['puts', 'dynamodb:GetItem', 'M#id'],
  ] as [Role, string, string][])('%s may not %s in %s', (who, action, partition) => {
    const policies = new PolicyEvaluator(template, ROLES[who]);
    expect(policies.allows({ action, resource: table, context: keys(partition) })).toBe(false);
  });

  it("a batch of which one key is not the registry's is refused as a whole", () => {
    const policies = new PolicyEvaluator(template, ROLES.infer);
    const batch = (...leading: string[]) =>
      policies.allows({ action: 'dynamodb:BatchGetItem', resource: table, context: keys(...leading) });
    expect([batch('M#id', 'NAME#x'), batch('M#id', 'ORDER#1')]).toEqual([true, false]);
  });

  it('who registers may not delete a file, nor write elsewhere', () => {
    const policies = new PolicyEvaluator(template, ROLES.registers);
    const may = (action: string, key: string) => policies.allows({ action, resource: `${files}/${key}` });
    expect(may('s3:DeleteObject', 'artifacts/sha256/00')).toBe(false);
    expect(may('s3:PutObject', 'other/00')).toBe(false);
  });
});

describe('a file of a model', () => {
  const { template, names } = APPS['a registry of its own'];
  const policies = new PolicyEvaluator(template, ROLES.registers);
  const writes = (command: string, input: object, key = 'artifacts/sha256/00') =>
    requestsOf(
      { constructor: { name: command }, input: { Bucket: ARTIFACTS, Key: key, ...input } },
      names,
    ).every((request) => policies.allows(request));

  it('is created by one request, or in parts', () => {
    expect(writes('PutObjectCommand', { IfNoneMatch: '*' })).toBe(true);
    expect(writes('CreateMultipartUploadCommand', {})).toBe(true);
    expect(writes('UploadPartCommand', {})).toBe(true);
    expect(writes('CompleteMultipartUploadCommand', { IfNoneMatch: '*' })).toBe(true);
  });

  it('is not overwritten, whoever may write', () => {
    expect(writes('PutObjectCommand', {})).toBe(false);
    expect(writes('CompleteMultipartUploadCommand', {})).toBe(false);
  });
});
