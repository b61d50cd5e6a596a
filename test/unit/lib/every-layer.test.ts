import { Stack, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import {
  Access,
  Admission,
  BatchInference,
  Exchange,
  Gateway,
  type IDataStack,
  LogKey,
  ModelPlatform,
  ModelRegistry,
  ModelRegistryStore,
  Monitoring,
  RegistryApi,
  RegistryEvents,
  SecurityStore,
  ServiceStack,
  Serving,
  StreamInference,
} from '../../../lib';
import { OUTPUTS } from '../../../lib/contracts/deployment';
import { flaglessApp, synth, TEST_ENV, testApp, testStack } from '../../support/synth';

/** Everything that a user can make with one `new`, and no properties or the name of a model. */
const LAYERS: Record<string, (stack: Stack, id: string) => void> = {
  Admission: (stack, id) => new Admission(stack, id),
  BatchInference: (stack, id) => new BatchInference(stack, id, { model: 'credit' }),
  Exchange: (stack, id) => new Exchange(stack, id),
  Gateway: (stack, id) => new Serving(stack, id, { gateway: new Gateway(stack, `${id}Gateway`) }),
  LogKey: (stack, id) => new LogKey(stack, id),
  ModelPlatform: (stack, id) => new ModelPlatform(stack, id),
  ModelRegistry: (stack, id) => new ModelRegistry(stack, id),
  ModelRegistryStore: (stack, id) => new ModelRegistryStore(stack, id),
  Monitoring: (stack, id) => new Monitoring(stack, id),
  RegistryApi: (stack, id) => new RegistryApi(stack, id),
  RegistryEvents: (stack, id) => new RegistryEvents(stack, id),
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
      const exchange = Exchange.fromAttributes(stack, 'Exchange', {
        bucketName: 'tensors',
        encryptionKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/exchange',
      });
      new Serving(stack, 'Serving', { registry, gateway, exchange });
    });
    for (const type of ['AWS::DynamoDB::Table', 'AWS::Cognito::UserPool', 'AWS::S3::Bucket']) {
      template.resourceCountIs(type, 0);
    }
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: {
          STRATA_REGISTRY_TABLE: 'models',
          STRATA_ARTIFACTS_BUCKET: 'model-files',
          STRATA_EXCHANGE_BUCKET: 'tensors',
          STRATA_EXCHANGE_URL_EXPIRY: '900',
        },
      },
    });
    const rights = JSON.stringify(template.findResources('AWS::IAM::Policy'));
    expect(rights).toContain(':s3:::tensors/out/*');
    expect(rights).toContain('key/exchange');
  });

  it('make a platform, without anything that holds data', () => {
    const template = synth((stack) => {
      new ModelPlatform(stack, 'Platform', {
        securityStore: keptSecurity(stack),
        registry: ModelRegistry.fromAttributes(stack, 'Registry', {
          tableName: 'models',
          artifactsBucketName: 'model-files',
        }),
        exchange: Exchange.fromAttributes(stack, 'Exchange', { bucketName: 'tensors' }),
      });
    });
    for (const type of [
      'AWS::DynamoDB::Table',
      'AWS::Cognito::UserPool',
      'AWS::S3::Bucket',
      'AWS::KMS::Key',
    ]) {
      template.resourceCountIs(type, 0);
    }
  });

  it('make the app, in the place of its data stack', () => {
    class Kept extends Stack implements IDataStack {
      public readonly security = keptSecurity(this);
      public readonly registry = ModelRegistryStore.fromAttributes(this, 'Registry', {
        tableName: 'models',
        artifactsBucketName: 'model-files',
      });
    }
    const app = testApp();
    const service = new ServiceStack(app, 'Service', { env: TEST_ENV, data: new Kept(app, 'Kept') });
    const { Outputs } = Template.fromStack(service).toJSON();
    expect(Outputs[OUTPUTS.registryTable].Value).toBe('models');
    expect(Outputs[OUTPUTS.userPoolId].Value).toBe('eu-west-1_kept');
  });

  it('fail when there are two registries', () => {
    expect(() =>
      synth((stack) => {
        const attributes = { tableName: 'models', artifactsBucketName: 'model-files' };
        new ModelPlatform(stack, 'Platform', {
          registry: ModelRegistry.fromAttributes(stack, 'Registry', attributes),
          registryStore: ModelRegistryStore.fromAttributes(stack, 'Store', attributes),
        });
      }),
    ).toThrow(/TWO_REGISTRIES/);
  });
});

function keptSecurity(scope: Construct) {
  return SecurityStore.fromAttributes(scope, 'Security', {
    userPoolId: 'eu-west-1_kept',
    machineClientId: 'kept',
    tokenEndpoint: 'https://kept.auth.eu-west-1.amazoncognito.com/oauth2/token',
  });
}
