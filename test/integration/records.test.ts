import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { CfnOutput } from 'aws-cdk-lib';
import { DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { kinesis, lambda } from '../../aws/clients.ts';
import type { BatchResult } from '../../lambdas/infer-batch/infer-batch.ts';
import { BatchInference, ModelRegistry, StreamInference } from '../../lib';
import { deploy } from '../../local/cdk.ts';
import { modelPath } from '../support/models/model-file.ts';
import { testApp, testStack } from '../support/synth';
import { registerModels } from './protocol/models.ts';

const deployment = inject('deployment');
const streams = kinesis(deployment);
const MODEL = 'records_add_sub';
const WAIT_MS = 60_000;

let directory: string;
let outputs: Readonly<Record<string, string>>;

/** Both layers in an app of their own, on the registry of the platform. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'records-'));
  await registerModels(deployment, [{ model: MODEL, path: modelPath('add_sub'), alias: 'champion' }]);
  const app = testApp({}, join(directory, 'assembly'));
  const stack = testStack(app, 'Records', { env: { account: '000000000000', region: 'us-east-1' } });
  const registry = ModelRegistry.fromAttributes(stack, 'Registry', {
    tableName: deployment.registryTable,
    artifactsBucketName: deployment.artifactsBucket,
  });
  const stream = new StreamInference(stack, 'Stream', { registry, model: MODEL });
  const batch = new BatchInference(stack, 'Batch', { registry, model: MODEL });
  new CfnOutput(stack, 'Source', { value: stream.source.streamName });
  new CfnOutput(stack, 'Results', { value: stream.results.streamName });
  new CfnOutput(stack, 'BatchFunction', { value: batch.live.functionArn });
  const machine = new StateMachine(stack, 'Machine', {
    definitionBody: DefinitionBody.fromChainable(batch.task(stack, 'Score')),
  });
  new CfnOutput(stack, 'MachineArn', { value: machine.stateMachineArn });
  app.synth();
  const deployed = await deploy(join(directory, 'assembly'), String(deployment.awsEndpoint), {});
  outputs = deployed['Records'] ?? {};
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Result {
  readonly key: string | undefined;
  readonly status: string;
  readonly body: { readonly error_code?: string; readonly outputs?: { readonly data: number[] }[] };
}

/** Everything in a stream. */
async function resultsIn(StreamName: string): Promise<Result[]> {
  const { Shards = [] } = await streams.send(new ListShardsCommand({ StreamName }));
  const found: Result[] = [];
  for (const { ShardId } of Shards) {
    const { ShardIterator } = await streams.send(
      new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    const { Records = [] } = await streams.send(new GetRecordsCommand({ ShardIterator }));
    for (const { PartitionKey, Data } of Records) {
      found.push({ key: PartitionKey, ...JSON.parse(Buffer.from(Data ?? []).toString()) });
    }
  }
  return found;
}

async function resultsOf(StreamName: string, count: number): Promise<Result[]> {
  const end = performance.now() + WAIT_MS;
  for (;;) {
    const results = await resultsIn(StreamName);
    if (results.length >= count) return results;
    if (performance.now() > end) throw new Error(`${results.length} of ${count} results came`);
    await after(500);
  }
}

describe('a stream', () => {
  it('is answered record by record into the stream of results, bad records with their reason', async () => {
    const good = Array.from({ length: 40 }, (_, i) => JSON.stringify({ a: [i, 0, 0, 0], b: [1, 0, 0, 0] }));
    const all = [...good.slice(0, 20), 'not JSON', ...good.slice(20), '{"a":[1,2,3,4]}'];
    await streams.send(
      new PutRecordsCommand({
        StreamName: outputs['Source'],
        Records: all.map((text, index) => ({ PartitionKey: `key-${index}`, Data: Buffer.from(text) })),
      }),
    );
    const results = await resultsOf(String(outputs['Results']), all.length);
    const byKey = new Map(results.map((result) => [result.key, result]));
    expect(byKey.get('key-20')).toMatchObject({ status: 'rejected', body: { error_code: 'MALFORMED_JSON' } });
    expect(byKey.get('key-41')).toMatchObject({ status: 'rejected', body: { error_code: 'MISSING_INPUT' } });
    const sums = results.flatMap(({ body }) => body.outputs?.[0]?.data[0] ?? []);
    expect(sums.toSorted((a, b) => a - b)).toEqual(good.map((_, i) => i + 1));
  }, 90_000);
});

describe('a batch', () => {
  it('is answered by the function that a state machine calls', async () => {
    const records = [{ a: [1, 2, 3, 4], b: [1, 1, 1, 1] }, { a: [1] }, 7];
    const { Payload, FunctionError } = await lambda(deployment).send(
      new InvokeCommand({ FunctionName: outputs['BatchFunction'], Payload: JSON.stringify({ records }) }),
    );
    const result = JSON.parse(Payload?.transformToString() ?? '') as BatchResult;
    expect(FunctionError).toBeUndefined();
    expect(result).toMatchObject({
      succeeded: 1,
      failed: 2,
      results: [
        { model_name: MODEL, outputs: [{ data: [2, 3, 4, 5] }, { data: [0, 1, 2, 3] }] },
        { error_code: 'SHAPE_MISMATCH' },
        { error_code: 'INVALID_REQUEST' },
      ],
    });
  });

  it('is a step of a state machine, whose input may be the array itself', async () => {
    const records = [{ a: [1, 2, 3, 4], b: [1, 1, 1, 1] }, { a: [1] }];
    const { executionArn } = await stepFunctions<{ executionArn: string }>('StartExecution', {
      stateMachineArn: outputs['MachineArn'],
      input: JSON.stringify(records),
    });
    const { status, output = '', cause } = await ended(executionArn);
    expect({ status, cause }).toEqual({ status: 'SUCCEEDED', cause: undefined });
    expect(JSON.parse(output)).toMatchObject({ succeeded: 1, failed: 1 });
  }, 90_000);
});

interface Execution {
  readonly status: string;
  readonly output?: string;
  readonly cause?: string;
}

async function ended(executionArn: string): Promise<Execution> {
  const end = performance.now() + WAIT_MS;
  for (;;) {
    const execution = await stepFunctions<Execution>('DescribeExecution', { executionArn });
    if (execution.status !== 'RUNNING') return execution;
    if (performance.now() > end) throw new Error('the state machine does not come to an end');
    await after(200);
  }
}

/** An action of Step Functions, as its protocol is: the emulator asks for no signature. */
async function stepFunctions<T>(action: string, input: object): Promise<T> {
  const response = await fetch(String(deployment.awsEndpoint), {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AWSStepFunctions.${action}`,
      authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/states/aws4_request',
    },
    body: JSON.stringify(input),
  });
  if (!response.ok) throw new Error(`${action}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
