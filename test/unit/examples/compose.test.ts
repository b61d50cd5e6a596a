import { Match, Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import { describe, expect, it } from 'vitest';
import { ScoringStack } from '../../../examples/compose/scoring-stack';
import { ShopRegistry } from '../../../examples/compose/shop-registry';
import { ShopStack } from '../../../examples/compose/shop-stack';
import { REGISTRY_RIGHTS } from '../../../lib/contracts/registry-layout';
import { TEST_ENV, testApp } from '../../support/synth';

const app = testApp();
const shop = new ShopStack(app, 'Shop', { env: TEST_ENV });
const scoring = new ScoringStack(app, 'Scoring', {
  env: TEST_ENV,
  shop,
  issuer: 'https://login.example.com',
});
const role = new iam.Role(shop, 'Trainer', {
  assumedBy: new iam.ServicePrincipal('codebuild.amazonaws.com'),
});
(shop.node.findChild('Models') as ShopRegistry).grantWrite(role);
const own = Template.fromStack(shop);
const added = Template.fromStack(scoring);

describe('a layer in an app that is there already', () => {
  it('brings no table, key or user pool of its own', () => {
    const types = ['AWS::DynamoDB::Table', 'AWS::KMS::Key', 'AWS::Cognito::UserPool'];
    expect(types.flatMap((type) => Object.keys(added.findResources(type)))).toEqual([]);
  });

  it('adds the index of models to the table of the app', () => {
    const [table, ...others] = Object.values(own.findResources('AWS::DynamoDB::Table'));
    expect(others).toEqual([]);
    expect(table?.['Properties'].GlobalSecondaryIndexes).toMatchObject([{ IndexName: 'models' }]);
  });

  it('tells the function the names that it has to read', () => {
    const functions = Object.values(added.findResources('AWS::Lambda::Function'));
    expect(functions.map(({ Properties }) => Properties.Environment?.Variables)).toContainEqual(
      expect.objectContaining({
        STRATA_REGISTRY_TABLE: expect.anything(),
        STRATA_ARTIFACTS_BUCKET: expect.anything(),
      }),
    );
  });

  it('lets the function read what belongs to models, and nothing else of the table', () => {
    const [{ actions, partitions }] = REGISTRY_RIGHTS.read;
    added.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: [...actions],
            Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...partitions] } },
          }),
        ]),
      },
    });
    const text = JSON.stringify(added.findResources('AWS::IAM::Policy'));
    expect(text).not.toContain('dynamodb:PutItem');
    expect(text).not.toContain('dynamodb:*');
  });

  it('lets who registers write, below the prefix of artifacts', () => {
    const policies = own.findResources('AWS::IAM::Policy', {
      Properties: {
        Roles: [{ Ref: Match.stringLikeRegexp('^Trainer') }],
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({
              Action: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'],
              Resource: { 'Fn::Join': ['', Match.arrayWith(['/artifacts/sha256/*'])] },
            }),
          ]),
        },
      },
    });
    expect(Object.keys(policies)).toHaveLength(1);
  });

  it('refuses a table whose keys the functions do not know', () => {
    const table = new dynamodb.Table(shop, 'Other', {
      partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
    });
    expect(() => new ShopRegistry(shop, 'OtherModels', { table, files: shop.files, key: shop.key })).toThrow(
      /keys pk and sk/,
    );
  });
});
