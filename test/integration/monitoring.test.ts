import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeAlarmsCommand,
  ListMetricsCommand,
  type Metric,
  type MetricAlarm,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cloudWatch, dynamoDb, s3 } from '../../aws/clients.ts';
import { RegistryTable } from '../../aws/registry-table.ts';
import { parseTraceparent } from '../../core/protocol/trace-context.ts';
import { METRICS_NAMESPACE } from '../../lib/contracts/metrics.ts';
import { ARTIFACT_PREFIX } from '../../lib/contracts/registry-layout.ts';
import { call, callAs } from '../support/deployment.ts';
import { modelFile } from '../support/models/model-file.ts';
import { registerModels } from './protocol/models.ts';

const deployment = inject('deployment');
const client = cloudWatch(deployment);
const folder = mkdtempSync(join(tmpdir(), 'strata-monitoring-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The field `doc_string` of an ONNX file: appended, it makes a file of its own that computes the same. */
const docString = (text: string) => Buffer.concat([Buffer.from([0x32, text.length]), Buffer.from(text)]);

/** A model of this test's own: artifacts are shared by digest, and one of them is spoilt here. */
function ownModel(name: string): string {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, Buffer.concat([modelFile('fixed'), docString(name)]));
  return path;
}

const ROWS = { name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] };

const infer = (model: string, inputs: readonly unknown[] = [ROWS], headers: Record<string, string> = {}) =>
  callAs(['infer'], 'POST', `/v2/models/${model}/infer`, { headers, body: JSON.stringify({ inputs }) });

async function alarms(): Promise<MetricAlarm[]> {
  const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({ MaxRecords: 100 }));
  return MetricAlarms;
}

async function alarmCalled(title: string): Promise<MetricAlarm> {
  const found = (await alarms()).find(({ AlarmDescription }) => AlarmDescription?.startsWith(`${title}. `));
  if (!found) throw new Error(`there is no alarm "${title}"`);
  return found;
}

/** The emulator looks at its alarms when a value is put, not by the clock as AWS does: this one has no alarm. */
async function evaluateAlarms(): Promise<void> {
  const value = { MetricName: 'Tick', Value: 1 };
  await client.send(new PutMetricDataCommand({ Namespace: 'StrataTest', MetricData: [value] }));
}

async function writtenMetrics(): Promise<Metric[]> {
  const { Metrics = [] } = await client.send(new ListMetricsCommand({ Namespace: METRICS_NAMESPACE }));
  return Metrics;
}

/** A metric as CloudWatch tells one from another. */
const identity = ({ Namespace, MetricName, Dimensions = [] }: Metric | MetricAlarm) =>
  [Namespace, MetricName, ...Dimensions.map(({ Name, Value }) => `${Name}=${Value}`).sort()].join(' ');

beforeAll(async () => {
  await registerModels(deployment, [
    { model: 'watched', path: ownModel('watched'), alias: 'champion' },
    { model: 'tampered', path: ownModel('tampered'), alias: 'champion' },
  ]);
  const tampered = await new RegistryTable(dynamoDb(deployment), deployment.registryTable).resolve(
    'tampered',
  );
  await s3(deployment).send(
    new PutObjectCommand({
      Bucket: deployment.artifactsBucket,
      Key: `${ARTIFACT_PREFIX}${tampered.artifact.digest}`,
      Body: modelFile('fixed'),
    }),
  );
}, 60_000);

describe('an alarm', () => {
  it('looks at the very metric that the deployed function writes', async () => {
    expect((await infer('watched')).status).toBe(200);
    expect((await infer('watched', [])).status).toBe(400);
    const garbage = { authorization: 'Bearer not.a.token' };
    expect((await call('GET', '/v2', { headers: garbage })).status).toBe(401);

    const written = new Set((await writtenMetrics()).map(identity));
    for (const title of ['High latency', 'Many cold starts', 'Client errors', 'Unauthenticated requests']) {
      expect(written).toContain(identity(await alarmCalled(title)));
    }
  });

  it('is raised by a model file with other bytes, and names its heading in the runbook', async () => {
    const before = await alarmCalled('Digest mismatch');
    expect(before.StateValue).not.toBe('ALARM');

    const answer = await infer('tampered');
    expect([answer.status, answer.json<{ error_code: string }>().error_code]).toEqual([
      503,
      'DIGEST_MISMATCH',
    ]);

    await evaluateAlarms();
    expect((await alarmCalled('Digest mismatch')).StateValue).toBe('ALARM');
    expect(before.AlarmDescription).toMatch(/runbook\.md#digest-mismatch$/);
    const written = new Set((await writtenMetrics()).map(identity));
    for (const title of ['Digest mismatch', 'Model load failures', 'Server errors']) {
      expect(written).toContain(identity(await alarmCalled(title)));
    }
  });
});

describe('a model version', () => {
  it('that answers has at most 20 metrics, latency among them', async () => {
    await infer('watched');
    const own = (await writtenMetrics()).filter(({ Dimensions = [] }) =>
      Dimensions.some(({ Name, Value }) => Name === 'model' && Value === 'watched'),
    );
    const names = new Set(own.map(identity));
    expect([...names].join('\n')).toContain('Latency');
    expect(names.size).toBeGreaterThan(5);
    expect(names.size).toBeLessThanOrEqual(20);
  });

  it('that a caller made up has none', async () => {
    expect((await infer('made_up_by_caller')).status).toBe(404);
    expect(JSON.stringify(await writtenMetrics())).not.toContain('made_up_by_caller');
  });
});

describe('a trace', () => {
  const SENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  it('goes on in the answer, be it an error or not', async () => {
    for (const answer of [
      await infer('watched', [ROWS], { traceparent: SENT }),
      await infer('watched', [], { Traceparent: SENT }),
    ]) {
      const trace = parseTraceparent(answer.headers.get('traceparent') ?? '');
      expect(trace).toMatchObject({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', sampled: true });
      expect(trace?.spanId).not.toBe('00f067aa0ba902b7');
    }
  });

  it('begins with the request when the caller brings none', async () => {
    const [one, other] = [await infer('watched'), await infer('watched')].map((answer) =>
      parseTraceparent(answer.headers.get('traceparent') ?? ''),
    );
    expect(one?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(other?.traceId).not.toBe(one?.traceId);
  });
});
