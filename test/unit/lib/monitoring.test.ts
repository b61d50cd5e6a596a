import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Stack, Token } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sns from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import {
  Access,
  Admission,
  BatchInference,
  Gateway,
  LogKey,
  ModelPlatform,
  Monitoring,
  type MonitoringProps,
  RegistryApi,
  RegistryEvents,
  Serving,
  Severity,
  StreamInference,
} from '../../../lib';
import { COUNTED_CODES, METRICS, METRICS_NAMESPACE } from '../../../lib/contracts/metrics';
import { anchor } from '../../../lib/monitoring/alarm-definition';
import { synth, testApp, testStack } from '../../support/synth';

const RUNBOOK = readFileSync(resolve(import.meta.dirname, '../../../docs/runbook.md'), 'utf8');
const headings = [...RUNBOOK.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);

/** Everything that can be monitored: tokens are verified, and the gateway has an access log. */
function monitored(props: MonitoringProps = {}, stack: Stack = testStack()): Template {
  const monitoring = new Monitoring(stack, 'Monitoring', props);
  const gateway = new Gateway(stack, 'Gateway', {
    access: Access.cognito(new cognito.UserPool(stack, 'Pool')),
    accessLogGroup: new logs.LogGroup(stack, 'AccessLog'),
    monitoring,
  });
  new Serving(stack, 'Serving', { gateway, monitoring });
  new RegistryApi(stack, 'RegistryApi', { gateway, monitoring });
  new RegistryEvents(stack, 'RegistryEvents', { monitoring });
  new Admission(stack, 'Admission', { monitoring });
  new StreamInference(stack, 'Stream', { model: 'credit', monitoring });
  new BatchInference(stack, 'Batch', { model: 'credit', monitoring });
  return Template.fromStack(stack);
}

interface AlarmProperties {
  readonly AlarmDescription: string;
  readonly TreatMissingData?: string;
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Statistic?: string;
  readonly ExtendedStatistic?: string;
  readonly Period?: number;
  readonly Metrics?: unknown;
  readonly AlarmActions?: unknown[];
  readonly OKActions?: unknown[];
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
}

const alarmsOf = (template: Template): AlarmProperties[] =>
  Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);

/** Alarms that were handed to the monitoring: they link to the runbook. */
const linkedAlarms = (template: Template) =>
  alarmsOf(template).filter(({ AlarmDescription }) => AlarmDescription.includes('/runbook.md#'));

const titleOf = ({ AlarmDescription }: AlarmProperties) => AlarmDescription.split('. ')[0] ?? '';
const byTitle = (template: Template, title: string) =>
  alarmsOf(template).find((alarm) => titleOf(alarm) === title);

/** The dashboard's widgets; what is known at deployment only is left out. */
function widgetsOf(template: Template): { type: string; properties: Record<string, unknown>; y: number }[] {
  const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  const body = dashboard?.Properties.DashboardBody;
  const text =
    typeof body === 'string'
      ? body
      : body['Fn::Join'][1].map((part: unknown) => (typeof part === 'string' ? part : 'token')).join('');
  return JSON.parse(text).widgets;
}

describe('the alarms', () => {
  const template = monitored();
  const alarms = alarmsOf(template);

  it('each have a heading in the runbook, and each heading has an alarm', () => {
    // Alarms of a release name their heading instead of linking to it.
    const named = alarms.map(({ AlarmDescription }) => /Runbook: "(.+)"/.exec(AlarmDescription)?.[1]);
    const titles = [...linkedAlarms(template).map(titleOf), ...named.filter((title) => title !== undefined)];
    expect([...new Set(titles)].sort()).toEqual(headings.toSorted());
  });

  it('link to the heading that is called like them', () => {
    for (const alarm of linkedAlarms(template)) {
      expect(alarm.AlarmDescription).toMatch(new RegExp(`runbook\\.md#${anchor(titleOf(alarm))}$`));
    }
    expect(linkedAlarms(template).length).toBeGreaterThan(10);
  });

  it('say what to make of missing data, and why', () => {
    for (const { TreatMissingData, AlarmDescription } of linkedAlarms(template)) {
      expect(TreatMissingData).toBe('notBreaching');
      expect(AlarmDescription).toContain('No data means');
    }
  });

  it('are on one metric each, with a statistic and a period', () => {
    for (const alarm of alarms) {
      expect(alarm.Metrics).toBeUndefined();
      expect(alarm.MetricName).toBeDefined();
      expect(alarm.Statistic ?? alarm.ExtendedStatistic).toBeDefined();
      expect(alarm.Period).toBeGreaterThanOrEqual(60);
    }
  });

  it('on our own metrics name only those that functions write, of one deployed function', () => {
    const own = linkedAlarms(template).filter(({ Namespace }) => Namespace === METRICS_NAMESPACE);
    expect(own.length).toBeGreaterThan(6);
    for (const { MetricName, Dimensions } of own) {
      expect(Object.values(METRICS)).toContain(MetricName);
      const dimensions = Object.fromEntries(Dimensions?.map(({ Name, Value }) => [Name, Value]) ?? []);
      const ofFunction = {
        service: expect.any(String),
        function_name: { Ref: expect.stringMatching(/Infer|Authorize|RegistryApi/) },
      };
      const ofApi = { ApiId: { Ref: expect.stringContaining('Gateway') } };
      expect(dimensions).toEqual(MetricName === METRICS.throttled ? ofApi : ofFunction);
    }
  });

  it('treat one model file with other bytes as critical', () => {
    const digest = byTitle(template, 'Digest mismatch');
    expect(digest).toMatchObject({
      Threshold: 1,
      EvaluationPeriods: 1,
      Period: 60,
      MetricName: 'DigestMismatch',
    });
  });

  it('tell nobody unless there is a topic', () => {
    for (const { AlarmActions, OKActions } of alarms)
      expect([AlarmActions, OKActions]).toEqual([undefined, undefined]);
  });
});

describe('the topics', () => {
  it('hear of alarms of their severity, when they begin and when they are over', () => {
    const stack = testStack();
    const template = monitored(
      { alarmTopics: { critical: new sns.Topic(stack, 'Pager'), warning: new sns.Topic(stack, 'Mail') } },
      stack,
    );
    const topicOf = (title: string) => JSON.stringify(byTitle(template, title)?.AlarmActions);
    expect(topicOf('Digest mismatch')).toContain('Pager');
    expect(topicOf('High latency')).toContain('Mail');
    for (const { AlarmActions, OKActions } of linkedAlarms(template)) {
      expect(AlarmActions).toHaveLength(1);
      expect(OKActions).toEqual(AlarmActions);
    }
  });

  it('may be there for one severity only', () => {
    const stack = testStack();
    const template = monitored({ alarmTopics: { critical: new sns.Topic(stack, 'Pager') } }, stack);
    expect(byTitle(template, 'High latency')?.AlarmActions).toBeUndefined();
    expect(byTitle(template, 'Internal errors')?.AlarmActions).toHaveLength(1);
  });
});

describe('an override', () => {
  it('changes one alarm', () => {
    const stack = testStack();
    const template = monitored(
      {
        alarmTopics: { critical: new sns.Topic(stack, 'Pager') },
        alarmOverrides: {
          'High latency': { threshold: 500, severity: Severity.CRITICAL },
          'Many cold starts': { actionsEnabled: false },
        },
      },
      stack,
    );
    expect(byTitle(template, 'High latency')).toMatchObject({
      Threshold: 500,
      EvaluationPeriods: 3,
      AlarmActions: [{ Ref: expect.stringContaining('Pager') }],
    });
    expect(byTitle(template, 'Many cold starts')).toMatchObject({ ActionsEnabled: false, Threshold: 50 });
    expect(byTitle(template, 'Internal errors')).toMatchObject({ Threshold: 1 });
  });

  it('of fewer periods asks for no more datapoints than there are', () => {
    const template = monitored({ alarmOverrides: { 'High latency': { evaluationPeriods: 1 } } });
    expect(byTitle(template, 'High latency')).toMatchObject({ EvaluationPeriods: 1, DatapointsToAlarm: 1 });
  });

  it.each([4, 0])('fails with %d datapoints of 3 periods', (datapointsToAlarm) => {
    expect(() => monitored({ alarmOverrides: { 'High latency': { datapointsToAlarm } } })).toThrow(
      'INVALID_ALARM_OVERRIDE',
    );
  });

  it('leaves tokens for CloudFormation to judge', () => {
    const evaluationPeriods = Token.asNumber({ Ref: 'Periods' });
    const template = monitored({ alarmOverrides: { 'High latency': { evaluationPeriods } } });
    expect(byTitle(template, 'High latency')).toMatchObject({ EvaluationPeriods: { Ref: 'Periods' } });
  });

  it('fails for an alarm that there is not, and says which there are', () => {
    const make = () => monitored({ alarmOverrides: { 'Hihg latency': { threshold: 1 } } });
    expect(make).toThrow(/UNKNOWN_ALARM.*Hihg latency.*High latency/);
  });
});

describe('the dashboard', () => {
  const widgets = widgetsOf(monitored());

  it('has the alarms above, then one row for each question', () => {
    const titles = widgets
      .filter(({ type }) => type === 'text')
      .map(({ properties }) => properties['markdown']);
    expect(titles).toEqual([
      '## Alarms',
      '## How many requests come, and how they end',
      '## How long an answer takes, and where the time goes',
      '## Each model version',
      '## What goes wrong',
      '## How often a request waits for a function to start',
      '## How models are opened',
      '## How many records of streams and batches come, and how they end',
      '## What is turned away because there is too much of it',
      '## Who is let in',
      '## How the registry is asked, and how that ends',
      '## What happens in the registry, on its way to others',
    ]);
  });

  it('shows every alarm that was handed to it', () => {
    const [status] = widgets.filter(({ type }) => type === 'alarm');
    expect(status?.properties['alarms']).toHaveLength(linkedAlarms(monitored()).length);
  });

  it('shows each code that is counted, each part of the latency and each model version', () => {
    const text = JSON.stringify(widgets);
    for (const code of COUNTED_CODES) expect(text).toContain(`"${code}"`);
    for (const part of ['ResolveTime', 'DecodeTime', 'LoadTime', 'RunTime', 'EncodeTime'])
      expect(text).toContain(part);
    expect(text).toContain('SEARCH(');
  });

  it('has no two widgets in the same place', () => {
    const cells = new Set<string>();
    for (const { x, y, width, height } of widgets as unknown as Record<
      'x' | 'y' | 'width' | 'height',
      number
    >[]) {
      for (let column = x; column < x + width; column += 1) {
        for (let row = y; row < y + height; row += 1) {
          expect(cells.has(`${column},${row}`)).toBe(false);
          cells.add(`${column},${row}`);
        }
      }
    }
  });

  it('puts rows of others below, in the order in which they come', () => {
    const template = synth((stack) => {
      const monitoring = new Monitoring(stack, 'Monitoring');
      const text = (markdown: string) => new cloudwatch.TextWidget({ markdown });
      monitoring.addWidgets('Mine', text('a'));
      monitoring.addWidgets('Who is let in', text('b'));
      monitoring.addWidgets('Also mine', text('c'));
      monitoring.addWidgets('Mine', text('d'));
    });
    const texts = widgetsOf(template).map(({ properties }) => properties['markdown']);
    expect(texts).toEqual(['## Who is let in', 'b', '## Mine', 'a', 'd', '## Also mine', 'c']);
  });
});

describe('without monitoring', () => {
  it('a layer has no dashboard and no alarms but those of its releases', () => {
    const template = synth((stack) => new Serving(stack, 'Serving'));
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
    expect(linkedAlarms(template)).toEqual([]);
  });

  it('the platform makes one of its own', () => {
    const template = synth((stack) => new ModelPlatform(stack, 'Strata'));
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
    expect(linkedAlarms(template).length).toBeGreaterThan(10);
  });
});

describe('what is not there', () => {
  it('is not watched: no authorizer with IAM access, no status 429 without an access log', () => {
    const template = synth((stack) => {
      const monitoring = new Monitoring(stack, 'Monitoring');
      new Serving(stack, 'Serving', { monitoring });
    });
    const titles = linkedAlarms(template).map(titleOf);
    expect(titles).not.toContain('Authorizer failures');
    expect(titles).not.toContain('Throttled requests');
    expect(titles).toContain('Gateway errors');
  });
});

describe('several at once', () => {
  it('alarms of a severity can be had, for composite alarms', () => {
    const stack = testStack();
    const monitoring = new Monitoring(stack, 'Monitoring');
    new Serving(stack, 'Serving', { monitoring });
    const ids = monitoring.alarmsOf(Severity.CRITICAL).map(({ node }) => node.id);
    expect(ids).toContain('DigestMismatchAlarm');
    expect(ids).not.toContain('LatencyAlarm');
  });

  it('two deployments of one account are told apart, by function and by API', () => {
    const names = ['Dev', 'Prod'].map((id) => {
      const stack = testStack(testApp(), id);
      new Serving(stack, 'Serving');
      const [api] = Object.values(Template.fromStack(stack).findResources('AWS::ApiGateway::RestApi'));
      return api?.Properties.Name;
    });
    expect(new Set(names).size).toBe(2);
  });
});

describe('the access log', () => {
  it('is counted for status 429, and says nothing of who called but the principal', () => {
    const template = monitored();
    template.hasResourceProperties('AWS::Logs::MetricFilter', {
      FilterPattern: '{ $.status = "429" }',
      MetricTransformations: [
        Match.objectLike({
          MetricNamespace: 'Strata',
          MetricName: 'Throttled',
          Dimensions: [{ Key: 'ApiId', Value: '$.apiId' }],
        }),
      ],
    });
    const [stage] = Object.values(template.findResources('AWS::ApiGateway::Stage'));
    const format = JSON.parse(stage?.Properties.AccessLogSetting.Format);
    expect(format).toMatchObject({ apiId: '$context.apiId', status: '$context.status' });
    expect(JSON.stringify(format)).not.toMatch(/sourceIp|userAgent/);
  });
});

describe('the key for logs', () => {
  it('can be used by CloudWatch Logs for log groups of the account, and by nobody else without a grant', () => {
    const template = synth((stack) => new LogKey(stack, 'LogKey'));
    const [key] = Object.values(template.findResources('AWS::KMS::Key'));
    const services = key?.Properties.KeyPolicy.Statement.filter(
      ({ Principal }: { Principal: { Service?: string } }) => Principal.Service !== undefined,
    );
    expect(services).toMatchObject([
      {
        Principal: { Service: 'logs.eu-west-1.amazonaws.com' },
        Condition: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': expect.anything() } },
      },
    ]);
    expect(key?.Properties.EnableKeyRotation).toBe(true);
    expect(JSON.stringify(services)).not.toContain('kms:*');
  });

  it('encrypts every log group of the platform, but none that has a key of its own', () => {
    const template = synth((stack) => {
      const platform = new ModelPlatform(stack, 'Strata', { logEncryptionKey: new LogKey(stack, 'LogKey') });
      new logs.LogGroup(platform, 'Other', { encryptionKey: new kms.Key(stack, 'OtherKey') });
      new logs.LogGroup(stack, 'Outside');
    });
    const keys = new Map(
      Object.entries(template.findResources('AWS::Logs::LogGroup')).map(([id, { Properties }]) => [
        id.replace(/[0-9A-F]{8}$/, ''),
        Properties.KmsKeyId === undefined ? 'none' : JSON.stringify(Properties.KmsKeyId),
      ]),
    );
    expect(keys.get('Outside')).toBe('none');
    expect(keys.get('StrataOther')).toContain('OtherKey');
    const ofPlatform = [...keys].filter(([id]) => !['Outside', 'StrataOther'].includes(id));
    expect(ofPlatform.length).toBeGreaterThan(1);
    for (const [, key] of ofPlatform) expect(key).toContain('LogKey');
  });
});
