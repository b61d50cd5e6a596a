/** Why a finding of a rule pack is no fault here. */
export interface Acknowledgement {
  /** `Pack::Rule` or `Pack::Rule[finding]`. */
  readonly id: string;
  /** Path of the construct below which the finding is acknowledged. */
  readonly at: string;
  readonly reason: string;
}

const HIPAA = 'HIPAA.Security';
const NIST = 'NIST.800.53.R5';
const PCI = 'PCI.DSS.321';

const GATEWAY = 'StrataService/Platform/Gateway';
const INFER = 'StrataService/Platform/Serving';
const PLATFORM = 'StrataService/Platform';
const REGISTRY_FUNCTIONS = `${PLATFORM}/ModelRegistry`;
const EXCHANGE = `${INFER}/Exchange/Bucket`;
const REGISTRY = 'StrataData/ModelRegistryStore';
const USER_POOL = 'StrataData/SecurityStore/UserPool';

const EVENTS = `${PLATFORM}/ModelRegistry/Events`;
const ADMISSION = `${PLATFORM}/ModelRegistry/Admission`;

/** The table's ARN as the service stack refers to it. */
const REGISTRY_TABLE = JSON.stringify({
  'Fn::GetStackOutput': {
    StackName: 'StrataData',
    Region: 'eu-west-1',
    OutputName: 'PublishOutputFnGetAttModelRegistryStoreTableDE319AF6Arn2F8B16A1',
  },
});

/** The bucket's ARN as the service stack refers to it: part of the finding's name. */
const ARTIFACTS_BUCKET = JSON.stringify({
  'Fn::GetStackOutput': {
    StackName: 'StrataData',
    Region: 'eu-west-1',
    OutputName: 'PublishOutputFnGetAttModelRegistryStoreArtifacts72F21A84ArnA082AE90',
  },
});

/** The staging bucket's ARN as the service stack refers to it. */
const STAGING_BUCKET = JSON.stringify({
  'Fn::GetStackOutput': {
    StackName: 'StrataData',
    Region: 'eu-west-1',
    OutputName: 'PublishOutputFnGetAttModelRegistryStoreStaging1320A3C6Arn4B367DF2',
  },
});

const EXCHANGE_BUCKET = '<PlatformServingExchangeBucketBCF79D0E.Arn>';

const EXCHANGED =
  'Which tensors there will be is not known; callers are told apart by prefixes in the function, and signed addresses name one object.';
const ACCESS_LOGS =
  'Access logs need a log role that an account has once, for all its APIs: it is not this stack that may set it. Gateway takes accessLogGroup where the role is there.';
const EXCHANGE_UNLOGGED =
  'Objects live for a day, and the functions log every request. Exchange takes serverAccessLogsBucket where each read has to be on record.';
const NO_WEB_ACL =
  'A web ACL has a monthly price and rules that depend on who calls; every route needs a token and is throttled.';
const NO_SECOND_REGION =
  'A second region is a decision about where data may be, and is paid for twice. The bucket is versioned, and a model can be registered again.';
const PASSING =
  'Tensors pass through and are gone after a day: a copy would keep what has to go, personal values among it.';
const PUSHED =
  'What was pushed and not registered has to be gone when it expires. The files of versions are written once; what is served of them is among the artifacts, which are versioned.';
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
  { id: 'AwsSolutions::AwsSolutions-APIG3', at: GATEWAY, reason: NO_WEB_ACL },
  ...[`${GATEWAY}/Resource/Default/ANY`, `${GATEWAY}/Resource/Default/{proxy+}/ANY`].map((at) => ({
    id: 'AwsSolutions::AwsSolutions-APIG4',
    at,
    reason:
      'Answers 404 where nothing is mounted, from a template: there is nothing behind it that could be protected.',
  })),
  {
    id: 'AwsSolutions::AwsSolutions-COG4',
    at: GATEWAY,
    reason:
      'A Lambda authorizer verifies the tokens of the same user pool, and also groups, scopes by prefix and other issuers.',
  },
  { id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]', at: GATEWAY, reason: TRACING },
  { id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]', at: INFER, reason: TRACING },
  { id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]', at: REGISTRY_FUNCTIONS, reason: TRACING },
  {
    id: `AwsSolutions::AwsSolutions-IAM5[Resource::${ARTIFACTS_BUCKET}/artifacts/sha256/*]`,
    at: INFER,
    reason:
      'Model files are read by digest, and which digests there will be is not known; other prefixes stay closed.',
  },
  ...['drafts', 'versions'].map((area) => ({
    id: `AwsSolutions::AwsSolutions-IAM5[Resource::${STAGING_BUCKET}/${area}/*]`,
    at: `${REGISTRY_FUNCTIONS}/Api`,
    reason:
      'Which files clients push is not known; keys are made of ids that the registry gave, and signed addresses name one object.',
  })),
  {
    id: `AwsSolutions::AwsSolutions-IAM5[Resource::${ARTIFACTS_BUCKET}/artifacts/sha256/*]`,
    at: ADMISSION,
    reason: 'Model files are stored by digest, and which digests there will be is not known.',
  },
  {
    id: `AwsSolutions::AwsSolutions-IAM5[Resource::${STAGING_BUCKET}/versions/*]`,
    at: ADMISSION,
    reason: 'Which versions there will be is not known; what was not made a version stays closed.',
  },
  {
    id: 'AwsSolutions::AwsSolutions-SF1',
    at: ADMISSION,
    reason:
      'Step Functions keeps the history of each execution for 90 days, and the function logs each step; log delivery would take rights on every log group of the account.',
  },
  { id: `AwsSolutions::AwsSolutions-IAM5[Resource::${EXCHANGE_BUCKET}/in/*]`, at: INFER, reason: EXCHANGED },
  { id: `AwsSolutions::AwsSolutions-IAM5[Resource::${EXCHANGE_BUCKET}/out/*]`, at: INFER, reason: EXCHANGED },
  ...['AwsSolutions::AwsSolutions-SQS3', 'Serverless::Serverless-SQSRedrivePolicy'].map((id) => ({
    id,
    at: `${EVENTS}/Failures`,
    reason:
      'The queue is where what failed ends: nothing reads it but people, and the outbox in the table has the events.',
  })),
  ...['AwsSolutions::AwsSolutions-SQS3', 'Serverless::Serverless-SQSRedrivePolicy'].map((id) => ({
    id,
    at: `${ADMISSION}/Failures`,
    reason:
      'The queue is where what failed ends: the sweep settles the versions, whose records are in the table.',
  })),
  {
    id: `AwsSolutions::AwsSolutions-IAM5[Resource::${REGISTRY_TABLE}/stream/*]`,
    at: EVENTS,
    reason: 'Lambda asks which streams the table has before it reads the one: that is asked of all of them.',
  },
  { id: 'AwsSolutions::AwsSolutions-S1', at: EXCHANGE, reason: EXCHANGE_UNLOGGED },
  { id: 'Serverless::Serverless-LambdaDLQ', at: PLATFORM, reason: NO_DEAD_LETTERS },
  ...inPacks([HIPAA, NIST], 'LambdaDLQ', PLATFORM, NO_DEAD_LETTERS),
  ...inPacks(
    [HIPAA, NIST],
    'LambdaConcurrency',
    PLATFORM,
    'A reserved part is taken from the account, and an account has 1,000 or less: the stage limits the rate of requests instead.',
  ),
  ...inPacks(
    [HIPAA, NIST, PCI],
    'LambdaInsideVPC',
    PLATFORM,
    'The functions reach AWS services only, by IAM and TLS. In a VPC they would need endpoints that are paid by the hour, and protect nothing that they hold.',
  ),
  ...inPacks(
    [HIPAA, NIST, PCI],
    'IAMNoInlinePolicy',
    PLATFORM,
    'A policy that belongs to one role goes when the role goes, and can be attached to no other: what a managed policy would add is reuse.',
  ),
  ...inPacks(
    [HIPAA, NIST],
    'CloudWatchAlarmAction',
    PLATFORM,
    'Who hears of an alarm is for the account to say: Monitoring takes alarmTopics. Alarms of a release act through CodeDeploy.',
  ),
  ...inPacks([NIST, PCI], 'APIGWAssociatedWithWAF', GATEWAY, NO_WEB_ACL),
  ...inPacks(
    [HIPAA, NIST, PCI],
    'APIGWCacheEnabledAndEncrypted',
    GATEWAY,
    'Answers depend on bodies, by which API Gateway does not cache: a cache would be paid by the hour and give wrong answers.',
  ),
  ...inPacks(
    [HIPAA, NIST, PCI],
    'APIGWExecutionLoggingEnabled',
    GATEWAY,
    'Execution logs need the same log role of the account, and hold bodies and headers of requests: personal values and tokens.',
  ),
  ...inPacks(
    [HIPAA, NIST, PCI],
    'APIGWSSLEnabled',
    GATEWAY,
    'A client certificate shows an HTTP backend who calls. Behind this gateway are functions only, which it calls by IAM.',
  ),
  ...inPacks(
    [HIPAA, NIST],
    'DynamoDBInBackupPlan',
    `${REGISTRY}/Table`,
    'The table can be recovered to any second of 35 days. A backup plan is for a whole account to make, and finds the table by tag.',
  ),
  ...inPacks([HIPAA, NIST, PCI], 'S3BucketReplicationEnabled', `${REGISTRY}/Artifacts`, NO_SECOND_REGION),
  ...inPacks([HIPAA, NIST, PCI], 'S3BucketReplicationEnabled', `${REGISTRY}/AccessLogs`, NO_SECOND_REGION),
  ...inPacks([HIPAA, NIST, PCI], 'S3BucketReplicationEnabled', `${REGISTRY}/Staging`, PUSHED),
  ...inPacks([HIPAA, NIST, PCI], 'S3BucketVersioningEnabled', `${REGISTRY}/Staging`, PUSHED),
  ...inPacks([HIPAA, NIST, PCI], 'S3BucketReplicationEnabled', EXCHANGE, PASSING),
  ...inPacks([HIPAA, NIST, PCI], 'S3BucketVersioningEnabled', EXCHANGE, PASSING),
  ...inPacks([HIPAA, NIST, PCI], 'S3BucketLoggingEnabled', EXCHANGE, EXCHANGE_UNLOGGED),
  ...inPacks(
    [HIPAA, NIST, PCI],
    'S3DefaultEncryptionKMS',
    `${REGISTRY}/AccessLogs`,
    'The service that delivers access logs writes to buckets that are encrypted with keys of S3 only.',
  ),
  ...inPacks(
    [HIPAA, NIST, PCI],
    'S3DefaultEncryptionKMS',
    EXCHANGE,
    'Tensors are read and written while a caller waits: a key of KMS would add a call, and a key that a caller needs a grant on.',
  ),
];

/** The same rule in several packs, acknowledged for the same reason. */
function inPacks(packs: readonly string[], rule: string, at: string, reason: string): Acknowledgement[] {
  return packs.map((pack) => ({ id: `${pack}::${pack}-${rule}`, at, reason }));
}
