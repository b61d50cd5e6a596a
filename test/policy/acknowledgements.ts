/** Why a finding of a rule pack is no fault here. */
export interface Acknowledgement {
  /** `Pack::Rule` or `Pack::Rule[finding]`. */
  readonly id: string;
  /** Path of the construct below which the finding is acknowledged. */
  readonly at: string;
  readonly reason: string;
}

const GATEWAY = 'StrataService/Platform/Gateway';
const INFER = 'StrataService/Platform/Serving';
const USER_POOL = 'StrataData/SecurityStore/UserPool';

/** The bucket's ARN as the service stack refers to it: part of the finding's name. */
const ARTIFACTS_BUCKET = JSON.stringify({
  'Fn::GetStackOutput': {
    StackName: 'StrataData',
    Region: 'eu-west-1',
    OutputName: 'PublishOutputFnGetAttModelRegistryStoreArtifacts72F21A84ArnA082AE90',
  },
});

const EXCHANGE_BUCKET = '<PlatformServingExchangeBucketBCF79D0E.Arn>';

const EXCHANGED =
  'Which tensors there will be is not known; callers are told apart by prefixes in the function, and signed addresses name one object.';
const ACCESS_LOGS =
  'Access logs need a log role that an account has once, for all its APIs: it is not this stack that may set it. Gateway takes accessLogGroup where the role is there.';
const NO_DEAD_LETTERS =
  'The function is called synchronously only: a failure is answered to the caller, nothing is dropped.';
const TRACING = 'X-Ray has no resources: its two write actions can be granted on * only.';

export const ACKNOWLEDGEMENTS: readonly Acknowledgement[] = [
  {
    id: 'AwsSolutions::AwsSolutions-COG2',
    at: USER_POOL,
    reason:
      'Machines sign in with client credentials, where there is no second factor. People may set up one-time passwords.',
  },
  {
    id: 'AwsSolutions::AwsSolutions-COG8',
    at: USER_POOL,
    reason:
      'The plus plan is paid by user and month. Nobody signs up by himself, and tokens live for an hour.',
  },
  {
    id: 'AwsSolutions::AwsSolutions-APIG2',
    at: GATEWAY,
    reason:
      'Bodies may be binary and depend on the model: the function validates every tensor against the model itself.',
  },
  { id: 'AwsSolutions::AwsSolutions-APIG1', at: GATEWAY, reason: ACCESS_LOGS },
  { id: 'AwsSolutions::AwsSolutions-APIG6', at: GATEWAY, reason: ACCESS_LOGS },
  { id: 'Serverless::Serverless-APIGWAccessLogging', at: GATEWAY, reason: ACCESS_LOGS },
  {
    id: 'AwsSolutions::AwsSolutions-APIG3',
    at: GATEWAY,
    reason:
      'A web ACL has a monthly price and rules that depend on who calls; every route needs a token and is throttled.',
  },
  {
    id: 'AwsSolutions::AwsSolutions-COG4',
    at: GATEWAY,
    reason:
      'A Lambda authorizer verifies the tokens of the same user pool, and also groups, scopes by prefix and other issuers.',
  },
  { id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]', at: GATEWAY, reason: TRACING },
  { id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]', at: INFER, reason: TRACING },
  {
    id: `AwsSolutions::AwsSolutions-IAM5[Resource::${ARTIFACTS_BUCKET}/artifacts/sha256/*]`,
    at: INFER,
    reason:
      'Model files are read by digest, and which digests there will be is not known; other prefixes stay closed.',
  },
  { id: `AwsSolutions::AwsSolutions-IAM5[Resource::${EXCHANGE_BUCKET}/in/*]`, at: INFER, reason: EXCHANGED },
  { id: `AwsSolutions::AwsSolutions-IAM5[Resource::${EXCHANGE_BUCKET}/out/*]`, at: INFER, reason: EXCHANGED },
  {
    id: 'AwsSolutions::AwsSolutions-S1',
    at: `${INFER}/Exchange/Bucket`,
    reason:
      'Objects live for a day, and the functions log every request. Exchange takes serverAccessLogsBucket where each read has to be on record.',
  },
  { id: 'Serverless::Serverless-LambdaDLQ', at: GATEWAY, reason: NO_DEAD_LETTERS },
  { id: 'Serverless::Serverless-LambdaDLQ', at: INFER, reason: NO_DEAD_LETTERS },
];
