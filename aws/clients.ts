import { APIGatewayClient } from '@aws-sdk/client-api-gateway';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CodeDeployClient } from '@aws-sdk/client-codedeploy';
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** Which AWS the clients talk to. A `Deployment` is one; so is `{}`: what the environment says. */
export interface AwsTarget {
  /** @default - the SDK's region chain */
  readonly region?: string;
  /** Named profile of the shared AWS configuration. @default - the SDK's credential chain */
  readonly profile?: string;
  /** Address of the local emulator, which takes any credentials. Absent: AWS. */
  readonly awsEndpoint?: string;
}

/** The client of the registry table. Leaves undefined attributes out. */
export function dynamoDb(target: AwsTarget = {}): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    ...clientConfig(target),
    // A read that hangs is worth less than a second try: a single item takes milliseconds.
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000 },
  });
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}

/** The client of buckets. */
export function s3(target: AwsTarget = {}): S3Client {
  return new S3Client(s3Config(target));
}

/**
 * The client that signs URLs for others. Checksums are theirs to send: the SDK would sign the one of an empty body into
 * the URL, and S3 would refuse every other.
 */
export function s3Signer(target: AwsTarget = {}): S3Client {
  return new S3Client({
    ...s3Config(target),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

function s3Config(target: AwsTarget) {
  // An emulator answers on one address for all buckets, so that a bucket cannot be part of the host name.
  const local = target.awsEndpoint !== undefined || process.env['AWS_ENDPOINT_URL'] !== undefined;
  return { ...clientConfig(target), forcePathStyle: local };
}

export function cognito(target: AwsTarget = {}): CognitoIdentityProviderClient {
  return new CognitoIdentityProviderClient(clientConfig(target));
}

export function cloudFormation(target: AwsTarget = {}): CloudFormationClient {
  return new CloudFormationClient(clientConfig(target));
}

export function kinesis(target: AwsTarget = {}): KinesisClient {
  return new KinesisClient(clientConfig(target));
}

export function kms(target: AwsTarget = {}): KMSClient {
  return new KMSClient(clientConfig(target));
}

export function eventBridge(target: AwsTarget = {}): EventBridgeClient {
  return new EventBridgeClient(clientConfig(target));
}

export function cloudWatch(target: AwsTarget = {}): CloudWatchClient {
  return new CloudWatchClient(clientConfig(target));
}

export function codeDeploy(target: AwsTarget = {}): CodeDeployClient {
  return new CodeDeployClient(clientConfig(target));
}

export function lambda(target: AwsTarget = {}): LambdaClient {
  return new LambdaClient({
    ...clientConfig(target),
    // The functions behind the API answer within 29 s, after a start that takes a few.
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 45_000 },
    maxAttempts: 2,
  });
}

export function apiGateway(target: AwsTarget = {}): APIGatewayClient {
  return new APIGatewayClient(clientConfig(target));
}

export function ssm(target: AwsTarget = {}): SSMClient {
  return new SSMClient(clientConfig(target));
}

export function sts(target: AwsTarget = {}): STSClient {
  return new STSClient(clientConfig(target));
}

function clientConfig({ region, profile, awsEndpoint }: AwsTarget) {
  return awsEndpoint === undefined
    ? { region, profile }
    : { region, endpoint: awsEndpoint, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
}
