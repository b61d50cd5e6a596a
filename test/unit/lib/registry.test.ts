import { RemovalPolicy } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { describe, expect, it } from 'vitest';
import { ModelRegistry, ModelRegistryStore } from '../../../lib';
import { synth, testStack } from '../../support/synth';

describe('a registry store by default', () => {
  const template = synth((stack) => void new ModelRegistryStore(stack, 'Store'));

  it('keeps a table that is paid by request, encrypted with a key of its own, recoverable and protected', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: Match.anyValue() },
        DeletionProtectionEnabled: true,
      },
    });
  });

  it('keeps files in a bucket that is versioned, encrypted and closed to the public', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            {
              BucketKeyEnabled: true,
              ServerSideEncryptionByDefault: Match.objectLike({ SSEAlgorithm: 'aws:kms' }),
            },
          ],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    });
  });

  it('keeps what clients push in a bucket of its own, encrypted, where drafts expire and versions do not', () => {
    const [staging] = Object.entries(template.findResources('AWS::S3::Bucket')).filter(([id]) =>
      id.includes('Staging'),
    );
    const properties = staging?.[1].Properties;
    expect(properties).toMatchObject({
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' }, BucketKeyEnabled: true },
        ],
      },
      LifecycleConfiguration: {
        Rules: [
          { Prefix: 'drafts/', ExpirationInDays: 30 },
          { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
        ],
      },
    });
    expect(properties).not.toHaveProperty('ObjectLockEnabled');
    expect(properties).not.toHaveProperty('VersioningConfiguration');
  });

  it('refuses connections without TLS', () => {
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  it('refuses to write a model file except where there is none', () => {
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: 's3:PutObject',
            Resource: { 'Fn::Join': ['', Match.arrayWith(['/artifacts/sha256/*'])] },
            Condition: {
              Null: { 's3:if-none-match': 'true' },
              Bool: { 's3:ObjectCreationOperation': 'true' },
            },
          }),
        ]),
      },
    });
  });

  it('rotates its key', () => {
    template.hasResource('AWS::KMS::Key', {
      DeletionPolicy: 'Retain',
      Properties: { EnableKeyRotation: true },
    });
  });
});

describe('a registry store that may go', () => {
  it('takes table, buckets and key with it', () => {
    const template = synth((stack) => {
      new ModelRegistryStore(stack, 'Store', { removalPolicy: RemovalPolicy.DESTROY });
    });
    for (const type of ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::KMS::Key']) {
      template.allResources(type, { DeletionPolicy: 'Delete' });
    }
  });
});

describe('a registry grants', () => {
  const statements = (grant: (registry: ModelRegistry, role: iam.IRole) => unknown) => {
    const stack = testStack();
    const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    grant(new ModelRegistry(stack, 'Registry'), role);
    const [policy] = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
    return policy?.Properties.PolicyDocument.Statement as {
      Action: string | string[];
      Resource: unknown;
      Condition?: unknown;
    }[];
  };

  it('reading of the table, of admitted files and of the key that encrypts them', () => {
    const granted = statements((registry, role) => registry.grantRead(role));
    expect(granted.flatMap(({ Action }) => Action)).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:GetItem',
      'dynamodb:Query',
      'dynamodb:Query',
      's3:GetObject',
      's3:ListBucket',
      'kms:Decrypt',
    ]);
    expect(JSON.stringify(granted)).toContain('/artifacts/sha256/*');
  });

  it('writing without the right to delete files', () => {
    const actions = statements((registry, role) => registry.grantWrite(role)).flatMap(({ Action }) => Action);
    expect(actions).toContain('s3:PutObject');
    expect(actions).toContain('kms:GenerateDataKey');
    expect(actions).not.toContain('s3:DeleteObject');
  });

  it('reading of the history: logs and events, and no right to add to them', () => {
    const granted = statements((registry, role) => registry.grantReadHistory(role));
    const leading = granted.map(({ Condition }) => JSON.stringify(Condition ?? {}));
    expect(leading.filter((keys) => keys.includes('["LOG#*","OUTBOX#*"]'))).toHaveLength(1);
    const actions = [...new Set(granted.flatMap(({ Action }) => Action))];
    expect(actions.toSorted()).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:GetItem',
      'dynamodb:Query',
      'kms:Decrypt',
    ]);
  });

  it('reading with the access rules, which a function asks for with every request', () => {
    const [table] = statements((registry, role) => registry.grantRead(role));
    expect(table?.Condition).toEqual({
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['NAME#*', 'M#*', 'D#*', 'ACCESS'] },
    });
  });

  it.each([
    ['registering', (registry: ModelRegistry, role: iam.IRole) => registry.grantWrite(role)],
    ['access rules', (registry: ModelRegistry, role: iam.IRole) => registry.grantWriteAccessRules(role)],
  ] as const)('%s without the right to delete items', (_intent, grant) => {
    const actions = statements(grant).flatMap(({ Action }) => Action);
    expect(actions).toContain('dynamodb:PutItem');
    expect(actions).not.toContain('dynamodb:DeleteItem');
  });

  it('an imported role its policy', () => {
    const stack = testStack();
    const role = iam.Role.fromRoleArn(stack, 'Role', 'arn:aws:iam::123456789012:role/scoring');
    new ModelRegistry(stack, 'Registry').grantRead(role);
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', { Roles: ['scoring'] });
  });

  it('a service nothing, and says so', () => {
    const grant = new ModelRegistry(testStack(), 'Registry').grantRead(
      new iam.ServicePrincipal('glue.amazonaws.com'),
    );
    expect(grant.success).toBe(false);
  });
});
