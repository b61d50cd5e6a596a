import { Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { describe, expect, it } from 'vitest';
import { BatchInference, Monitoring, StreamInference } from '../../../lib';
import { synth, testStack } from '../../support/synth';

describe('inference on a stream', () => {
  const template = synth((stack) => {
    new StreamInference(stack, 'Scoring', { model: 'credit', maxBatchingWindow: Duration.seconds(1) });
  });

  it('reads through the alias, reports what failed, and names in a queue what cannot be processed', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 1000,
      MaximumBatchingWindowInSeconds: 1,
      MaximumRetryAttempts: 10,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      StartingPosition: 'TRIM_HORIZON',
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [Match.stringLikeRegexp('Failures'), 'Arn'] } },
      },
    });
    const [mapping] = Object.values(template.findResources('AWS::Lambda::EventSourceMapping'));
    expect(JSON.stringify(mapping?.Properties.FunctionName)).toContain(':live"');
    template.hasResourceProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
  });

  it('encrypts its streams, and may write to the one with results only', () => {
    template.resourceCountIs('AWS::Kinesis::Stream', 2);
    template.allResourcesProperties('AWS::Kinesis::Stream', {
      StreamEncryption: { EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' },
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'kinesis:PutRecords',
            Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('Results'), 'Arn'] },
          }),
        ]),
      },
    });
  });

  it('names the model, and the version only where one is given', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({ STRATA_MODEL: 'credit', STRATA_MODEL_VERSION: Match.absent() }),
      },
    });
  });
});

describe('what an operator hears of', () => {
  const alarmsOf = (template: Template) =>
    Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
  const titlesOf = (template: Template) =>
    alarmsOf(template)
      .map(({ AlarmDescription }) => (AlarmDescription as string).split('. ')[0] ?? '')
      .sort();

  it('on a stream: calls that fail or are turned away, and records that wait, are rejected or given up', () => {
    const template = synth((stack) => {
      const monitoring = new Monitoring(stack, 'Monitoring');
      new StreamInference(stack, 'Scoring', { model: 'credit', monitoring });
    });
    expect(titlesOf(template)).toEqual([
      'Record function failures',
      'Record function throttles',
      'Rejected records',
      'Stream records delayed',
      'Stream records given up',
    ]);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'AWS/Lambda',
      MetricName: 'IteratorAge',
      Statistic: 'Maximum',
      Threshold: 300_000,
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: Match.stringLikeRegexp('ScoringInfer') } }],
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'AWS/SQS',
      Threshold: 1,
      Dimensions: [
        { Name: 'QueueName', Value: { 'Fn::GetAtt': [Match.stringLikeRegexp('Failures'), 'QueueName'] } },
      ],
    });
  });

  it('in batches: calls that fail or are turned away, and records that are rejected', () => {
    const template = synth((stack) => {
      const monitoring = new Monitoring(stack, 'Monitoring');
      new BatchInference(stack, 'Batch', { model: 'credit', monitoring });
    });
    expect(titlesOf(template)).toEqual([
      'Record function failures',
      'Record function throttles',
      'Rejected records',
    ]);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'Strata',
      MetricName: 'RejectedRecords',
      Statistic: 'Sum',
      Dimensions: Match.arrayWith([{ Name: 'service', Value: 'infer-batch' }]),
    });
  });

  it('is nothing where there is no monitoring', () => {
    const template = synth((stack) => {
      new StreamInference(stack, 'Scoring', { model: 'credit' });
      new BatchInference(stack, 'Batch', { model: 'credit' });
    });
    expect(alarmsOf(template)).toEqual([]);
  });

  it('stands in one row of the dashboard, of the stream and of batches', () => {
    const template = synth((stack) => {
      const monitoring = new Monitoring(stack, 'Monitoring');
      new StreamInference(stack, 'Scoring', { model: 'credit', monitoring });
      new BatchInference(stack, 'Batch', { model: 'credit', monitoring });
    });
    const dashboard = JSON.stringify(template.findResources('AWS::CloudWatch::Dashboard'));
    expect(dashboard.split('## How many records of streams and batches come')).toHaveLength(2);
    expect(dashboard).toContain('Records of a stream');
    expect(dashboard).toContain('Records of batches');
  });
});

describe('inference in batches', () => {
  it('is a step of a state machine that tries again what may pass, and calls the alias alone', () => {
    const stack = testStack();
    const batch = new BatchInference(stack, 'Batch', { model: 'credit', modelVersion: '7' });
    new sfn.StateMachine(stack, 'Machine', {
      definitionBody: sfn.DefinitionBody.fromChainable(batch.task(stack, 'Score')),
    });
    const template = Template.fromStack(stack);
    const [machine] = Object.values(template.findResources('AWS::StepFunctions::StateMachine'));
    const text = JSON.stringify(machine?.Properties.DefinitionString);
    expect(text).toContain('UnavailableError');
    // The input of the step is the event as it is.
    expect(text).not.toContain('Parameters');
    expect(text).toMatch(/"Ref":"BatchInferLive/);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ STRATA_MODEL_VERSION: '7' }) },
    });
  });

  it.each([
    ['INVALID_MODEL', { model: '' }],
    ['INVALID_MEMORY_SIZE', { model: 'm', memorySize: 100 }],
  ])('fails with %s', (code, props) => {
    expect(() => synth((stack) => new BatchInference(stack, 'Batch', props))).toThrow(code);
    expect(() => synth((stack) => new StreamInference(stack, 'Stream', props))).toThrow(code);
  });
});
