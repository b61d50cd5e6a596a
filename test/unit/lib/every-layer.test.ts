import { type Stack, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { describe, expect, it } from 'vitest';
import {
  Access,
  BatchInference,
  Exchange,
  Gateway,
  LogKey,
  ModelPlatform,
  ModelRegistry,
  ModelRegistryStore,
  Monitoring,
  SecurityStore,
  Serving,
  StreamInference,
} from '../../../lib';
import { flaglessApp, synth, TEST_ENV, testApp, testStack } from '../../support/synth';

/** Everything that a user can make with one `new`, and no properties or the name of a model. */
const LAYERS: Record<string, (stack: Stack, id: string) => void> = {
  BatchInference: (stack, id) => new BatchInference(stack, id, { model: 'credit' }),
  Exchange: (stack, id) => new Exchange(stack, id),
  Gateway: (stack, id) => new Serving(stack, id, { gateway: new Gateway(stack, `${id}Gateway`) }),
  LogKey: (stack, id) => new LogKey(stack, id),
  ModelPlatform: (stack, id) => new ModelPlatform(stack, id),
  ModelRegistry: (stack, id) => new ModelRegistry(stack, id),
  ModelRegistryStore: (stack, id) => new ModelRegistryStore(stack, id),
  Monitoring: (stack, id) => new Monitoring(stack, id),
  SecurityStore: (stack, id) => new SecurityStore(stack, id),
  Serving: (stack, id) => new Serving(stack, id),
  StreamInference: (stack, id) => new StreamInference(stack, id, { model: 'credit' }),
};

describe.each(Object.entries(LAYERS))('%s', (_name, make) => {
  it('stands twice in one stack', () => {
    const template = synth((stack) => {
      make(stack, 'First');
      make(stack, 'Second');
    });
    expect(Object.keys(template.toJSON().Resources).length).toBeGreaterThan(1);
  });

  it('gives the same template each time', () => {
    const [first, second] = [synth((stack) => make(stack, 'Layer')), synth((stack) => make(stack, 'Layer'))];
    expect(JSON.stringify(first.toJSON())).toBe(JSON.stringify(second.toJSON()));
  });

  it('needs no account or region', () => {
    const stack = testStack(testApp(), 'Agnostic', { env: undefined });
    make(stack, 'Layer');
    const text = JSON.stringify(Template.fromStack(stack).toJSON());
    expect(text).not.toContain(TEST_ENV.account);
    expect(text).not.toContain(TEST_ENV.region);
  });

  it('needs no feature flag', () => {
    const stack = testStack(flaglessApp());
    expect(() => {
      make(stack, 'Layer');
      Template.fromStack(stack);
    }).not.toThrow();
  });

  it('names no resource itself', () => {
    const resources = Object.values(synth((stack) => make(stack, 'Layer')).toJSON().Resources) as {
      Type: string;
      Properties?: Record<string, unknown>;
    }[];
    const named = resources.filter(({ Properties = {} }) =>
      ['TableName', 'BucketName', 'FunctionName', 'RoleName', 'UserPoolName', 'KeyName'].some(
        (property) => Properties[property] !== undefined && typeof Properties[property] === 'string',
      ),
    );
    expect(named).toEqual([]);
    // A domain has to have a name, one of a region: account and construct alone do not tell two stacks apart.
    const domains = resources.filter(({ Type }) => Type === 'AWS::Cognito::UserPoolDomain');
    for (const domain of domains)
      expect(JSON.stringify(domain.Properties?.['Domain'])).toContain('AWS::StackId');
  });

  it('lets nobody do everything', () => {
    const policies = synth((stack) => make(stack, 'Layer')).findResources('AWS::IAM::Policy');
    for (const { Properties } of Object.values(policies)) {
      for (const { Action, Resource } of Properties.PolicyDocument.Statement) {
        expect([Action].flat().filter((action: string) => action.includes('*'))).toEqual([]);
        // X-Ray knows no resources.
        const actions = [Action].flat().filter((action: string) => !action.startsWith('xray:'));
        expect([Resource].flat().includes('*') ? actions : []).toEqual([]);
      }
    }
  });
});

describe('tokens', () => {
  it('are left for CloudFormation to judge', () => {
    const text = Token.asString({ Ref: 'Text' });
    const number = Token.asNumber({ Ref: 'Number' });
    expect(() =>
      synth((stack) => {
        const registry = ModelRegistry.fromAttributes(stack, 'Registry', {
          tableName: text,
          artifactsBucketName: text,
          encryptionKeyArn: Token.asString({ 'Fn::ImportValue': 'Key' }),
        });
        const access = Access.oidc({ issuer: text, audience: Token.asList({ Ref: 'Audience' }) });
        new Serving(stack, 'Serving', {
          registry,
          memorySize: number,
          gateway: new Gateway(stack, 'G', { access }),
        });
      }),
    ).not.toThrow();
  });
});

describe('imported neighbours', () => {
  it('serve like own ones', () => {
    const template = synth((stack) => {
      const registry = ModelRegistry.fromAttributes(stack, 'Registry', {
        tableName: 'models',
        artifactsBucketName: 'model-files',
      });
      const userPool = cognito.UserPool.fromUserPoolId(stack, 'UserPool', 'eu-west-1_abc');
      const gateway = new Gateway(stack, 'Gateway', { access: Access.cognito(userPool) });
      new Serving(stack, 'Serving', { registry, gateway });
    });
    template.resourceCountIs('AWS::DynamoDB::Table', 0);
    template.resourceCountIs('AWS::Cognito::UserPool', 0);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { STRATA_REGISTRY_TABLE: 'models', STRATA_ARTIFACTS_BUCKET: 'model-files' } },
    });
  });
});
