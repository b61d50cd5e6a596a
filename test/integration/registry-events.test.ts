import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { dynamoDb } from '../../aws/clients.ts';
import { writeLocalDeployment } from '../../aws/local-deployment.ts';
import { RegistryTable } from '../../aws/registry-table.ts';

const ROOT = join(import.meta.dirname, '../..');
const STRATA = join(ROOT, 'assets/cli/strata.mjs');
const ADD_SUB = join(ROOT, 'test/support/models/add_sub.onnx');

const deployment = inject('deployment');
const aws = {
  region: deployment.region,
  endpoint: deployment.awsEndpoint,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
};
const sqs = new SQSClient(aws);
const eventBridge = new EventBridgeClient(aws);
const registry = new RegistryTable(dynamoDb(deployment), deployment.registryTable);

interface Received {
  readonly id: string;
  readonly source: string;
  readonly 'detail-type': string;
  readonly time: string;
  readonly detail: {
    readonly id: string;
    readonly time: string;
    readonly subject: string;
    readonly partitionkey: string;
    readonly data: Readonly<Record<string, string>>;
  };
}

let project: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'registry-events-'));
  await mkdir(join(project, 'inside'));
  await writeLocalDeployment(project, deployment);
});
afterAll(() => rm(project, { recursive: true }));

async function strata(...args: string[]) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [STRATA, ...args], {
    cwd: join(project, 'inside'),
    reject: false,
    extendEnv: false,
    env: { PATH: process.env['PATH'] },
  });
  return { code: exitCode, out: stdout, err: stderr };
}

const newModel = () => `events-${randomUUID().slice(0, 8)}`;
const register = async (model: string) =>
  expect(await strata('register', ADD_SUB, '--name', model)).toMatchObject({ code: 0 });

/** A queue that hears of what a rule on the registry's bus lets through, as a listener of the user's would. */
async function listen(pattern: object): Promise<(count: number) => Promise<Received[]>> {
  const name = `listener-${randomUUID()}`;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const bus = { EventBusName: deployment.eventBus };
  await eventBridge.send(new PutRuleCommand({ Name: name, ...bus, EventPattern: JSON.stringify(pattern) }));
  await eventBridge.send(
    new PutTargetsCommand({ Rule: name, ...bus, Targets: [{ Id: 'queue', Arn: Attributes?.['QueueArn'] }] }),
  );
  return async (count) => {
    const received: Received[] = [];
    while (received.length < count) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      for (const { Body = '', ReceiptHandle } of Messages) {
        received.push(JSON.parse(Body) as Received);
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
    }
    return received;
  };
}

describe('an alias that strata moves', () => {
  it('is heard of by whoever listens, and again when the events are replayed, under the same id', {
    timeout: 60_000,
  }, async () => {
    const model = newModel();
    await register(model);
    const next = await listen({
      source: ['strata.registry'],
      'detail-type': ['AliasMoved'],
      detail: { subject: [model] },
    });
    const started = new Date().toISOString();
    const moved = await strata('alias', model, 'champion', '1', '--reason', 'the first');
    expect(moved).toMatchObject({ code: 0, err: '' });

    const [event] = await next(1);
    const { modelId, entries } = await registry.aliasLog(model);
    expect(event).toMatchObject({
      source: 'strata.registry',
      'detail-type': 'AliasMoved',
      detail: {
        specversion: '1.0',
        type: 'strata.registry.alias-moved',
        id: entries[0]?.id,
        time: entries[0]?.time,
        subject: model,
        partitionkey: modelId,
        data: { model, alias: 'champion', to: '1' },
      },
    });

    const span = ['--model', model, '--from', started, '--type', 'AliasMoved'];
    const shown = await strata('events', 'replay', ...span, '--dry-run', '--json');
    const listed = await strata('events', 'list', '--model-id', modelId, '--type', 'AliasMoved', '--json');
    expect(JSON.parse(listed.out).events.map(({ id }: { id: string }) => id)).toEqual([event?.detail.id]);
    expect(JSON.parse(shown.out)).toEqual({
      bus: deployment.eventBus,
      dryRun: true,
      events: [event?.detail.id],
    });

    const replayed = await strata('events', 'replay', ...span);
    expect(replayed).toMatchObject({ code: 0, err: '' });
    expect(replayed.out).toContain(`1 event sent to ${deployment.eventBus}`);
    const [again] = await next(1);
    expect(again?.detail).toEqual(event?.detail);
    expect(again?.id).not.toBe(event?.id);
  });
});

describe('all that happens to a model', () => {
  it('is heard of in its order', { timeout: 60_000 }, async () => {
    const model = newModel();
    const next = await listen({ source: ['strata.registry'], detail: { subject: [model] } });
    await registry.createModel({ name: model });
    await register(model);
    await registry.setAlias({ model, alias: 'champion', version: '1' });
    await registry.deleteAlias({ model, alias: 'champion' });
    await registry.deleteModel({ model });
    const events = await next(6);
    const inTime = events.toSorted((a, b) => (a.detail.time < b.detail.time ? -1 : 1));
    expect(inTime.map((event) => event['detail-type'])).toEqual([
      'ModelCreated',
      'ModelVersionCreated',
      'ModelVersionAdmitted',
      'AliasMoved',
      'AliasDeleted',
      'ModelDeleted',
    ]);
    expect(new Set(events.map(({ detail }) => detail.partitionkey)).size).toBe(1);
  });
});
