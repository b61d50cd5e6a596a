import { Match, type Template } from 'aws-cdk-lib/assertions';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { detailType } from '../../../core/registry/bus-entry.ts';
import type { RegistryEventName } from '../../../core/registry/registry-events.ts';
import {
  DataStack,
  ModelRegistry,
  ModelRegistryStore,
  RegistryEvents,
  RegistryEventType,
  ServiceStack,
} from '../../../lib';
import { synth, TEST_ENV, testApp } from '../../support/synth';

const STREAM = 'arn:aws:dynamodb:eu-west-1:123456789012:table/models/stream/2026-11-25T03:00:00.000';
const ATTRIBUTES = { tableName: 'models', artifactsBucketName: 'model-files' };

const statementsOf = (template: Template) =>
  Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement,
  ) as { Action: string | string[]; Resource: unknown }[];

describe('events of a registry', () => {
  const template = synth((stack) => {
    const store = ModelRegistryStore.fromAttributes(stack, 'Store', {
      ...ATTRIBUTES,
      tableStreamArn: STREAM,
      encryptionKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/registry',
    });
    new RegistryEvents(stack, 'Events', { store });
  });

  it('are read from the stream of the table: new items of the outbox, by the alias', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: STREAM,
      StartingPosition: 'TRIM_HORIZON',
      FunctionName: { 'Fn::Join': Match.anyValue() },
      FilterCriteria: {
        Filters: [
          {
            Pattern: JSON.stringify({
              eventName: ['INSERT'],
              dynamodb: { Keys: { pk: { S: [{ prefix: 'OUTBOX#' }] } } },
            }),
          },
        ],
      },
    });
  });

  it('are tried again from the first that failed, and put aside in an encrypted queue in the end', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 100,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [Match.anyValue(), 'Arn'] } } },
    });
    template.hasResourceProperties('AWS::SQS::Queue', {
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 1_209_600,
    });
  });

  it('take the right to read this stream, to use its key and to put events on this bus, and no other', () => {
    const statements = statementsOf(template).filter(
      ({ Action }) => !/^(xray|logs|sqs):/.test([Action].flat().join()),
    );
    expect(statements.map(({ Action }) => Action)).toEqual([
      'events:PutEvents',
      ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      'dynamodb:ListStreams',
      'kms:Decrypt',
    ]);
    const [put, read, list, key] = statements.map(({ Resource }) => Resource);
    expect(put).toEqual({ 'Fn::GetAtt': [expect.stringContaining('EventsBus'), 'Arn'] });
    expect(read).toBe(STREAM);
    expect(JSON.stringify(list)).toContain(':table/models/stream/*');
    expect(key).toContain('key/registry');
  });

  it('go to a bus of their own, unless one is given', () => {
    template.resourceCountIs('AWS::Events::EventBus', 1);
    const given = synth((stack) => {
      const eventBus = events.EventBus.fromEventBusName(stack, 'Company', 'company');
      new RegistryEvents(stack, 'Events', { eventBus });
    });
    given.resourceCountIs('AWS::Events::EventBus', 0);
    given.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { STRATA_EVENT_BUS: 'company' } },
    });
  });

  it('need a stream that is known', () => {
    expect(() =>
      synth((stack) => {
        const store = ModelRegistryStore.fromAttributes(stack, 'Store', ATTRIBUTES);
        new RegistryEvents(stack, 'Events', { store });
      }),
    ).toThrow(/^NO_STREAM/);
  });
});

describe('a registry', () => {
  it('hands events to a target, of the types and models that are asked for', () => {
    const template = synth((stack) => {
      const target = new targets.SqsQueue(new sqs.Queue(stack, 'Promotions'));
      new ModelRegistry(stack, 'Registry').onEvent('Promoted', {
        types: [RegistryEventType.ALIAS_MOVED, RegistryEventType.ALIAS_DELETED],
        models: ['credit'],
        eventPattern: { detail: { data: { alias: ['champion'] } } },
        target,
      });
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventBusName: { Ref: Match.stringLikeRegexp('RegistryEventsBus') },
      EventPattern: {
        source: ['strata.registry'],
        'detail-type': ['AliasMoved', 'AliasDeleted'],
        detail: { subject: ['credit'], data: { alias: ['champion'] } },
      },
      Targets: [{ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('Promotions'), 'Arn'] } }],
    });
    template.resourceCountIs('AWS::Lambda::EventSourceMapping', 1);
  });

  it('publishes nothing while nobody listens', () => {
    const template = synth((stack) => void new ModelRegistry(stack, 'Registry'));
    template.resourceCountIs('AWS::Events::EventBus', 0);
    template.resourceCountIs('AWS::Lambda::Function', 0);
  });

  it('keeps a stream of new images, by which a table in service is updated in place', () => {
    const template = synth((stack) => void new ModelRegistryStore(stack, 'Store'));
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
    });
  });

  it('has its bus in the service stack of the app, which names it', () => {
    const app = testApp();
    const data = new DataStack(app, 'Data', { env: TEST_ENV });
    const service = new ServiceStack(app, 'Service', { env: TEST_ENV, data });
    expect(service.platform.registryEventBus).toBeDefined();
    expect(app.synth().getStackByName('Service').template.Outputs).toHaveProperty('RegistryEventBus');
  });
});

describe('the types of events', () => {
  const constants: Record<RegistryEventName, RegistryEventType> = {
    'model-created': RegistryEventType.MODEL_CREATED,
    'model-updated': RegistryEventType.MODEL_UPDATED,
    'model-renamed': RegistryEventType.MODEL_RENAMED,
    'model-deleted': RegistryEventType.MODEL_DELETED,
    'model-tag-set': RegistryEventType.MODEL_TAG_SET,
    'model-tag-deleted': RegistryEventType.MODEL_TAG_DELETED,
    'version-registered': RegistryEventType.MODEL_VERSION_REGISTERED,
    'version-created': RegistryEventType.MODEL_VERSION_CREATED,
    'version-updated': RegistryEventType.MODEL_VERSION_UPDATED,
    'version-stage-changed': RegistryEventType.MODEL_VERSION_STAGE_CHANGED,
    'version-admitted': RegistryEventType.MODEL_VERSION_ADMITTED,
    'version-failed': RegistryEventType.MODEL_VERSION_FAILED,
    'version-deleted': RegistryEventType.MODEL_VERSION_DELETED,
    'version-tag-set': RegistryEventType.MODEL_VERSION_TAG_SET,
    'version-tag-deleted': RegistryEventType.MODEL_VERSION_TAG_DELETED,
    'alias-moved': RegistryEventType.ALIAS_MOVED,
    'alias-deleted': RegistryEventType.ALIAS_DELETED,
    'access-rules-changed': RegistryEventType.ACCESS_RULES_CHANGED,
  };

  it('are those that the registry writes, and no others', () => {
    for (const [name, type] of Object.entries(constants)) {
      expect(detailType(`strata.registry.${name}`)).toBe(type);
    }
    expect(Object.values(constants).toSorted()).toEqual(Object.values(RegistryEventType).toSorted());
  });
});
