import { type App, Duration, type RemovalPolicy, Token } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sns from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import {
  Access,
  DataStack,
  ModelPlatform,
  Monitoring,
  ServiceStack,
  type ServiceStackProps,
  TrafficShift,
} from '../../../lib';
import { OUTPUTS, SIZE_OUTPUTS } from '../../../lib/contracts/deployment';
import { TEST_ENV, testApp, testStack } from '../../support/synth';

const STATEFUL = ['AWS::Cognito::UserPool', 'AWS::DynamoDB::Table', 'AWS::KMS::Key', 'AWS::S3::Bucket'];

/** The exchange's bucket, whose objects live for a day: lib/exchange.test.ts. */
const CACHE = 'PlatformServingExchangeBucket';

function stacks(removalPolicy?: RemovalPolicy, app: App = testApp()) {
  const data = new DataStack(app, 'Data', { env: TEST_ENV, removalPolicy });
  const service = new ServiceStack(app, 'Service', { env: TEST_ENV, data });
  return { data, service };
}

describe('the two stacks', () => {
  const { data, service } = stacks();
  const templates = { data: Template.fromStack(data), service: Template.fromStack(service) };

  it('keep data apart from what runs', () => {
    for (const type of STATEFUL) {
      expect(Object.keys(templates.data.findResources(type))).not.toHaveLength(0);
      const inService = Object.keys(templates.service.findResources(type));
      expect(inService.filter((id) => !id.startsWith(CACHE))).toEqual([]);
    }
    templates.data.resourceCountIs('AWS::Lambda::Function', 0);
  });

  it('protect the data from an accident', () => {
    expect(data.terminationProtection).toBe(true);
    for (const type of STATEFUL) templates.data.allResources(type, { DeletionPolicy: 'Retain' });
  });

  it('refer to each other weakly, so that neither blocks an update of the other', () => {
    const text = JSON.stringify(templates.service.toJSON());
    expect(text).toContain('Fn::GetStackOutput');
    expect(text).not.toContain('Fn::ImportValue');
    for (const output of Object.values(templates.data.toJSON().Outputs) as { Export?: unknown }[]) {
      expect(output.Export).toBeUndefined();
    }
  });

  it('say where everything is', () => {
    expect(Object.keys(templates.service.toJSON().Outputs)).toEqual(
      expect.arrayContaining(Object.values(OUTPUTS)),
    );
  });

  it('refer to memory that is decided at deployment', () => {
    const app = testApp();
    const data = new DataStack(app, 'Data', { env: TEST_ENV });
    const service = new ServiceStack(app, 'Service', {
      env: TEST_ENV,
      data,
      memorySize: Token.asNumber({ Ref: 'Memory' }),
    });
    expect(Template.fromStack(service).toJSON().Outputs[SIZE_OUTPUTS.memory].Value).toEqual({
      Ref: 'Memory',
    });
  });

  // A logical id that changes replaces the resource, and its data with it.
  it('keep the logical ids of what holds data', () => {
    const held = Object.entries(templates.data.toJSON().Resources as Record<string, { Type: string }>)
      .filter(([, { Type }]) => STATEFUL.includes(Type))
      .map(([id, { Type }]) => `${id} ${Type}`)
      .sort();
    expect(held).toMatchInlineSnapshot(`
      [
        "LogKeyE83D0C1B AWS::KMS::Key",
        "ModelRegistryStoreAccessLogs7AA8D411 AWS::S3::Bucket",
        "ModelRegistryStoreArtifacts72F21A84 AWS::S3::Bucket",
        "ModelRegistryStoreKeyFF4A0774 AWS::KMS::Key",
        "ModelRegistryStoreSigningKey24FA3521 AWS::KMS::Key",
        "ModelRegistryStoreStaging1320A3C6 AWS::S3::Bucket",
        "ModelRegistryStoreTableDE319AF6 AWS::DynamoDB::Table",
        "SecurityStoreUserPoolD67D3212 AWS::Cognito::UserPool",
      ]
    `);
  });
});

describe('the service stack with settings', () => {
  function service(props: Partial<ServiceStackProps>, app: App = testApp()) {
    const data = new DataStack(app, 'Data', { env: TEST_ENV });
    return Template.fromStack(new ServiceStack(app, 'Service', { env: TEST_ENV, data, ...props }));
  }

  it('says what the inference function is given, for those who register models', () => {
    const { Outputs } = service({ memorySize: 3538 }).toJSON();
    expect(Outputs[SIZE_OUTPUTS.memory].Value).toBe('3538');
    expect(Outputs[SIZE_OUTPUTS.disk].Value).toBe('1024');
  });

  it('gives memory, architecture, way of release and access log on', () => {
    const app = testApp();
    const accessLogGroup = logs.LogGroup.fromLogGroupName(
      testStack(app, 'Logs'),
      'AccessLog',
      '/strata/access',
    );
    const template = service(
      {
        memorySize: 3538,
        architecture: Architecture.ARM_64,
        codeShift: TrafficShift.linear(10, Duration.minutes(2)),
        accessLogGroup,
      },
      app,
    );
    template.hasResourceProperties('AWS::Lambda::Function', { MemorySize: 3538, Architectures: ['arm64'] });
    template.hasResourceProperties('AWS::CodeDeploy::DeploymentGroup', {
      DeploymentConfigName: 'CodeDeployDefault.LambdaLinear10PercentEvery2Minutes',
    });
    template.hasResourceProperties('AWS::ApiGateway::Stage', {
      AccessLogSetting: { DestinationArn: Match.anyValue() },
    });
  });

  it('lets in those whom another issuer knows', () => {
    const access = Access.oidc({ issuer: 'https://login.example.com', audience: ['scoring'] });
    expect(JSON.stringify(service({ access }).toJSON())).toContain('https://login.example.com');
  });

  it('sends every alarm to a mailbox, by a topic that CloudWatch may write to', () => {
    const template = service({ alarmEmail: 'operations@example.com' });
    const [topic] = Object.keys(template.findResources('AWS::SNS::Topic'));
    template.allResourcesProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    template.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'operations@example.com',
    });
    template.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
          }),
        ]),
      },
    });
    const told = Object.values(template.findResources('AWS::CloudWatch::Alarm')).filter(
      ({ Properties }) => JSON.stringify(Properties.AlarmActions) === JSON.stringify([{ Ref: topic }]),
    );
    expect(told.length).toBeGreaterThan(5);
  });

  it('tells nobody of alarms by default', () => {
    service({}).resourceCountIs('AWS::SNS::Topic', 0);
  });

  it('refuses two ways to tell of alarms, and what is no mailbox', () => {
    const topic = new sns.Topic(testStack(), 'Topic');
    expect(() => service({ alarmEmail: 'a@example.com', alarmTopics: { critical: topic } })).toThrow(
      'TWO_WAYS_TO_ALARM',
    );
    expect(() => service({ alarmEmail: 'nobody' })).toThrow('INVALID_ADDRESS');
    const stack = testStack();
    const monitoring = new Monitoring(stack, 'Monitoring');
    expect(
      () => new ModelPlatform(stack, 'Platform', { monitoring, alarmTopics: { critical: topic } }),
    ).toThrow('TWO_WAYS_TO_ALARM');
  });
});
