import { Duration, Size } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { describe, expect, it } from 'vitest';
import { OnnxRuntimeLayer, Serving, type ServingProps } from '../../../lib';
import { HandlerFunction } from '../../../lib/private/handler-function';
import { flaglessApp, synth, testApp, testStack } from '../../support/synth';

const serving = (props: ServingProps = {}): Template =>
  synth((stack) => void new Serving(stack, 'Serving', props));

describe('serving by default', () => {
  const template = serving();

  it('runs the packaged handler on Node 24 with the memory of one processor', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Handler: 'handler.handler',
      MemorySize: 1769,
      Timeout: 29,
      Architectures: ['x86_64'],
      EphemeralStorage: { Size: 1024 },
      Environment: { Variables: Match.objectLike({ STRATA_ALIAS_MAX_AGE: '10' }) },
      Layers: [Match.anyValue()],
    });
  });

  it('keeps its log for three days, in a group of its own', () => {
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 3 });
    template.allResourcesProperties('AWS::Lambda::Function', {
      LoggingConfig: Match.objectLike({ LogGroup: Match.anyValue() }),
    });
  });

  it('keeps versions, so that a rollback has somewhere to go, but none that was taken back', () => {
    template.allResources('AWS::Lambda::Version', { DeletionPolicy: 'RetainExceptOnCreate' });
    template.allResources('AWS::Lambda::Version', { UpdateReplacePolicy: 'Retain' });
    template.hasResourceProperties('AWS::Lambda::Alias', { Name: 'live' });
  });
});

describe('serving with settings', () => {
  it('tells the function which models stay open, and has an alias that can be started ahead of requests', () => {
    const template = synth((stack) => {
      const { live } = new Serving(stack, 'Serving', { prime: ['credit', 'churn'] });
      live.addAutoScaling({ minCapacity: 1, maxCapacity: 1 });
    });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ STRATA_PRIME: '["credit","churn"]' }) },
    });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 1 });
    expect(() => serving({ prime: [''] })).toThrow('INVALID_PRIME');
  });

  it('takes memory, disk, architecture and the age of aliases', () => {
    const template = serving({
      memorySize: 3538,
      architecture: lambda.Architecture.ARM_64,
      ephemeralStorageSize: Size.gibibytes(4),
      aliasMaxAge: Duration.minutes(1),
    });
    template.hasResourceProperties('AWS::Lambda::Function', {
      MemorySize: 3538,
      Architectures: ['arm64'],
      EphemeralStorage: { Size: 4096 },
      Environment: { Variables: Match.objectLike({ STRATA_ALIAS_MAX_AGE: '60' }) },
    });
    template.hasResourceProperties('AWS::Lambda::LayerVersion', { CompatibleArchitectures: ['arm64'] });
  });

  it('shares one layer among all that serve in a stack', () => {
    const template = synth((stack) => {
      new Serving(stack, 'First');
      new Serving(stack, 'Second');
    });
    template.resourceCountIs('AWS::Lambda::LayerVersion', 1);
  });

  it.each([128, 20_000, 512.5])('fails with %d MiB of memory', (memorySize) => {
    expect(() => serving({ memorySize })).toThrow('INVALID_MEMORY_SIZE');
  });
});

describe('the onnxruntime layer', () => {
  it('fails on a function of another architecture', () => {
    const stack = testStack();
    const handler = new HandlerFunction(stack, 'Function', {
      handler: 'infer',
      description: 'test',
      memorySize: 256,
      timeout: Duration.seconds(1),
      architecture: lambda.Architecture.ARM_64,
    });
    const layer = OnnxRuntimeLayer.forArchitecture(stack, lambda.Architecture.X86_64);
    expect(() => layer.addTo(handler)).toThrow(/ARCHITECTURE_MISMATCH.*Function runs on arm64.*x86_64/);
  });
});

describe('a function whose onnxruntime layer changes', () => {
  it.each([
    ['with', testApp],
    ['without', flaglessApp],
  ])('publishes a new version, in an app %s feature flags', (_flags, app) => {
    const versions = ['1', '2'].map((layerVersion) => {
      const stack = testStack(app());
      const { inferFunction } = new Serving(stack, 'Serving');
      const arn = `arn:aws:lambda:eu-west-1:123456789012:layer:extra:${layerVersion}`;
      inferFunction.addLayers(lambda.LayerVersion.fromLayerVersionArn(stack, 'Extra', arn));
      const found = Template.fromStack(stack).findResources('AWS::Lambda::Version');
      return Object.keys(found).filter((id) => id.includes('InferCurrentVersion'));
    });
    expect(versions[0]).toHaveLength(1);
    expect(versions[0]).not.toEqual(versions[1]);
  });
});
