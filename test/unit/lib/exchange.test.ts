import { Duration, Lazy, Size } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { Exchange, type ExchangeProps, Gateway, Serving } from '../../../lib';
import { synth, testStack } from '../../support/synth';

const exchange = (props: ExchangeProps = {}): Template =>
  synth((stack) => void new Exchange(stack, 'Exchange', props));

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

/** `action resource` for each that the roles of a template may do with S3 and KMS. */
function rights(template: Template, role: RegExp): string[] {
  return Object.values(template.findResources('AWS::IAM::Policy'))
    .filter(({ Properties }) => role.test(JSON.stringify(Properties.Roles)))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[])
    .flatMap(({ Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) =>
          [Resource]
            .flat()
            .map((resource) => `${action} ${JSON.stringify(resource).replace(/^.*"(\/[^"]*)".*$/, '$1')}`),
        ),
    )
    .filter((right) => /^(s3|kms):/.test(right))
    .sort();
}

describe('the exchange that serving makes', () => {
  const MIB = 1024 * 1024;
  it.each([
    ['by default', undefined, Math.floor((1769 * MIB) / 16)],
    ['with more memory', 10_240, 640 * MIB],
    ['with memory that only CloudFormation knows', Lazy.number({ produce: () => 2048 }), 5 * 1024 * MIB],
  ])('takes uploads as large as the function reads, %s', (_when, memorySize, bytes) => {
    const template = synth((stack) => void new Serving(stack, 'Serving', { memorySize }));
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ STRATA_EXCHANGE_MAX_UPLOAD: String(bytes) }) },
    });
  });
});

describe('an exchange by default', () => {
  const template = exchange();

  it('keeps objects for a day, encrypted and without versions, and nothing of an upload that was broken off', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Delete',
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        LifecycleConfiguration: {
          Rules: [
            {
              ExpirationInDays: 1,
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
              Status: 'Enabled',
              Prefix: Match.absent(),
            },
          ],
        },
        VersioningConfiguration: Match.absent(),
      },
    });
  });

  it('is open to nobody but by TLS', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  it('needs no custom resource', () => {
    const types = Object.values(template.toJSON().Resources as Record<string, { Type: string }>);
    expect(types.filter(({ Type }) => Type.startsWith('Custom::'))).toEqual([]);
    template.resourceCountIs('AWS::Lambda::Function', 1);
  });

  it('lets its function put uploads and nothing else', () => {
    expect(rights(template, /Sign/)).toEqual(['s3:PutObject /in/*']);
  });

  it('tells its function the bucket, 5 GiB and a quarter of an hour', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          STRATA_EXCHANGE_BUCKET: { Ref: Match.stringLikeRegexp('Bucket') },
          STRATA_EXCHANGE_MAX_UPLOAD: '5368709120',
          STRATA_EXCHANGE_URL_EXPIRY: '900',
        }),
      },
    });
  });
});

describe('serving', () => {
  it('reads uploads, reads and writes results, and is told where', () => {
    const template = synth((stack) => void new Serving(stack, 'Serving'));
    expect(rights(template, /Infer/).filter((right) => / \/(in|out)\//.test(right))).toEqual([
      's3:GetObject /in/*',
      's3:GetObject /out/*',
      's3:PutObject /out/*',
    ]);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          STRATA_ALIAS_MAX_AGE: '10',
          STRATA_EXCHANGE_BUCKET: { Ref: Match.stringLikeRegexp('Exchange') },
          STRATA_EXCHANGE_URL_EXPIRY: '900',
        }),
      },
    });
  });

  it('uses the exchange that it is given, on the gateway that they share', () => {
    const template = synth((stack) => {
      const gateway = new Gateway(stack, 'Gateway');
      const shared = new Exchange(stack, 'Shared', { gateway, urlExpiry: Duration.minutes(1) });
      new Serving(stack, 'Serving', { gateway, exchange: shared });
    });
    template.resourceCountIs('AWS::ApiGateway::RestApi', 1);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          STRATA_ALIAS_MAX_AGE: '10',
          STRATA_EXCHANGE_BUCKET: { Ref: Match.stringLikeRegexp('^Shared') },
          STRATA_EXCHANGE_URL_EXPIRY: '60',
        }),
      },
    });
  });
});

describe('an exchange with settings', () => {
  it('encrypts with a key of the users, which its parties may use', () => {
    const stack = testStack();
    const encryptionKey = new kms.Key(stack, 'Key');
    const own = new Exchange(stack, 'Exchange', { encryptionKey });
    const reader = new iam.Role(stack, 'Reader', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    own.grantServe(reader);
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } },
        ],
      },
    });
    expect(rights(template, /Sign/).map((right) => right.split(' ')[0])).toEqual([
      'kms:GenerateDataKey',
      's3:PutObject',
    ]);
    expect(rights(template, /Reader/).map((right) => right.split(' ')[0])).toEqual([
      'kms:Decrypt',
      'kms:GenerateDataKey',
      's3:GetObject',
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
    ]);
  });

  it('takes limits', () => {
    exchange({ maxUploadSize: Size.mebibytes(100), urlExpiry: Duration.minutes(5) }).hasResourceProperties(
      'AWS::Lambda::Function',
      {
        Environment: {
          Variables: Match.objectLike({
            STRATA_EXCHANGE_MAX_UPLOAD: '104857600',
            STRATA_EXCHANGE_URL_EXPIRY: '300',
          }),
        },
      },
    );
  });

  it.each([Size.bytes(0), Size.gibibytes(6)])('fails with uploads of %s', (maxUploadSize) => {
    expect(() => exchange({ maxUploadSize })).toThrow('INVALID_UPLOAD_SIZE');
  });

  it.each([Duration.seconds(0), Duration.hours(2)])('fails with addresses that live for %s', (urlExpiry) => {
    expect(() => exchange({ urlExpiry })).toThrow('INVALID_URL_EXPIRY');
  });
});
