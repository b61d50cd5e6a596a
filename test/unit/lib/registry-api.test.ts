import { Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { describe, expect, it } from 'vitest';
import {
  Access,
  Gateway,
  ModelPlatform,
  ModelRegistry,
  ModelRegistryStore,
  Monitoring,
  RegistryApi,
  TrafficShift,
} from '../../../lib';
import { synth, testStack } from '../../support/synth';

interface Statement {
  readonly Action: string | string[];
  readonly Condition?: { readonly 'ForAllValues:StringLike'?: { readonly 'dynamodb:LeadingKeys': string[] } };
}

/** Partitions of the table by action that the function may do in them. */
function rightsOf(template: Template): Map<string, string[]> {
  const [policy] = Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.includes('AnswerRole'))
    .map(([, { Properties }]) => Properties.PolicyDocument.Statement as Statement[]);
  const rights = new Map<string, string[]>();
  for (const { Action, Condition } of policy ?? []) {
    const partitions = Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? [];
    for (const action of [Action].flat()) rights.set(action, [...(rights.get(action) ?? []), ...partitions]);
  }
  return rights;
}

describe("a registry's API by default", () => {
  const template = synth((stack) => void new RegistryApi(stack, 'Api'));

  it('is a function on a gateway of its own, below /api', () => {
    template.hasResourceProperties('AWS::ApiGateway::Resource', { PathPart: 'api' });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: Match.stringLikeRegexp('MLflow'),
      MemorySize: 512,
      Timeout: 29,
      Environment: {
        Variables: {
          STRATA_REGISTRY_TABLE: { Ref: Match.stringLikeRegexp('Table') },
          STRATA_STAGING_BUCKET: { Ref: Match.stringLikeRegexp('Staging') },
        },
      },
    });
  });

  it('may change models, versions and aliases, and only ever adds to logs and events', () => {
    const rights = rightsOf(template);
    expect(rights.get('dynamodb:UpdateItem')).toEqual(['M#*']);
    expect(rights.get('dynamodb:DeleteItem')).toEqual(['NAME#*', 'M#*', 'D#*', 'TRACK#*']);
    expect(rights.get('dynamodb:BatchWriteItem')).toEqual(['M#*', 'D#*']);
    expect(rights.get('dynamodb:PutItem')).toEqual([
      'NAME#*',
      'M#*',
      'D#*',
      'LOG#*',
      'OUTBOX#*-*-*-*-*',
      'TRACK#*',
    ]);
    expect(rights.has('dynamodb:Scan')).toBe(false);
  });

  it('takes and copies what clients push, and deletes none of it', () => {
    const rights = rightsOf(template);
    expect([...rights.keys()].filter((action) => action.startsWith('s3:')).toSorted()).toEqual([
      's3:AbortMultipartUpload',
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
    ]);
  });

  it('is released in a canary once the new version has passed its check', () => {
    template.hasResourceProperties('AWS::CodeDeploy::DeploymentGroup', {
      DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
    });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ STRATA_RELEASE_CHECK: 'registry' }) },
    });
  });
});

describe("a registry's API with its neighbours", () => {
  it('is opened by the scopes of the registry and of deployments', () => {
    const stack = testStack();
    const access = Access.cognito(new cognito.UserPool(stack, 'Pool'));
    const gateway = new Gateway(stack, 'Gateway', { access });
    const store = new ModelRegistryStore(stack, 'Store');
    const api = new RegistryApi(stack, 'Api', { store, gateway });
    expect(api.gateway).toBe(gateway);
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::DynamoDB::Table', 1);
    const functions = Object.values(template.findResources('AWS::Lambda::Function'));
    const [prefixes] = functions.flatMap(
      ({ Properties }) => Properties.Environment?.Variables?.STRATA_PREFIX_SCOPES ?? [],
    );
    expect(JSON.parse(prefixes)).toMatchObject({ api: ['registry.read', 'registry.write', 'deploy'] });
  });

  it('is shifted as told', () => {
    const codeShift = TrafficShift.linear(20, Duration.minutes(2));
    synth((stack) => void new RegistryApi(stack, 'Api', { codeShift })).hasResourceProperties(
      'AWS::CodeDeploy::DeploymentConfig',
      { TrafficRoutingConfig: Match.objectLike({ Type: 'TimeBasedLinear' }) },
    );
  });

  it('comes with a registry that has a gateway, and not with one that has none', () => {
    const stack = testStack();
    expect(new ModelRegistry(stack, 'Closed').api).toBeUndefined();
    const gateway = new Gateway(stack, 'Gateway');
    expect(new ModelRegistry(stack, 'Open', { gateway }).api?.gateway).toBe(gateway);
  });

  it('raises alarms for faults and none for refusals, which clients of MLflow live with', () => {
    const stack = testStack();
    const monitoring = new Monitoring(stack, 'Monitoring');
    new RegistryApi(stack, 'Api', { gateway: new Gateway(stack, 'Gateway'), monitoring });
    const alarms = Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm'))
      .filter(({ Properties }) => JSON.stringify(Properties.Dimensions ?? []).includes('registry-api'))
      .map(({ Properties }) => Properties.MetricName as string);
    expect(new Set(alarms)).toEqual(new Set(['InternalError', 'ServerError', 'VersionFault']));
  });

  it('is part of the platform, on the gateway of the platform', () => {
    const stack = testStack();
    const { gateway, registry } = new ModelPlatform(stack, 'Platform');
    expect((registry as ModelRegistry).api?.gateway).toBe(gateway);
  });
});
