import type { IamRequest } from './iam-policy.ts';

/** What a name that code uses is in a template: ARNs in the words of `arnText`. */
export interface NamedResource {
  readonly arn: string;
  /** Of the key that encrypts it. */
  readonly keyArn?: string;
}

export type NamedResources = Readonly<Record<string, NamedResource>>;

interface Command {
  readonly constructor: { readonly name: string };
  readonly input: object;
}

interface TableInput {
  readonly TableName: string;
  readonly IndexName?: string;
  readonly Key?: { readonly pk: string };
  readonly Item?: { readonly pk: string };
  readonly RequestItems?: Readonly<Record<string, BatchInput | readonly Deletion[]>>;
  readonly TransactItems?: readonly Readonly<Record<string, TableInput>>[];
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeValues?: Readonly<Record<string, string>>;
}

interface BatchInput {
  readonly Keys: readonly { readonly pk: string }[];
}

interface Deletion {
  readonly DeleteRequest: { readonly Key: { readonly pk: string } };
}

interface ListingInput {
  readonly Bucket: string;
  readonly Prefix: string;
}

interface CopyInput extends ObjectInput {
  readonly CopySource: string;
}

interface ObjectInput {
  readonly Bucket: string;
  readonly Key: string;
  readonly IfNoneMatch?: string;
}

/** TLS 1.3, as every client of the SDK and every modern one has it. */
const CONNECTION = { 'aws:SecureTransport': ['true'], 's3:TlsVersion': ['1.3'] };

/**
 * The permissions that a command of the SDK needs.
 * Source: Service Authorization Reference, DynamoDB and S3; transactions are authorised by each of their operations.
 */
export function requestsOf(command: Command, resources: NamedResources): IamRequest[] {
  const { name } = command.constructor;
  if (name in TABLE_COMMANDS) return ofTable(name, command.input as TableInput, resources);
  if (name === 'ListObjectsV2Command') return ofListing(command.input as ListingInput, resources);
  if (name === 'CopyObjectCommand') return ofCopy(command.input as CopyInput, resources);
  if (name in OBJECT_COMMANDS) return ofObject(name, command.input as ObjectInput, resources);
  throw new Error(`It is not known here which permissions ${name} needs`);
}

/** What the holder of a signed URL does in the name of its signer. */
export function requestsOfSignedUrl(url: URL, resources: NamedResources): IamRequest[] {
  const isPart = url.searchParams.get('x-id') === 'UploadPart';
  const isPut = url.searchParams.get('x-id') === 'PutObject';
  const input = { Bucket: url.host.split('.')[0] as string, Key: url.pathname.slice(1) };
  const command = isPart ? 'UploadPartCommand' : isPut ? 'PutObjectCommand' : 'GetObjectCommand';
  return ofObject(command, input, resources);
}

const TABLE_COMMANDS: Readonly<Record<string, string>> = {
  GetCommand: 'GetItem',
  BatchGetCommand: 'BatchGetItem',
  BatchWriteCommand: 'BatchWriteItem',
  QueryCommand: 'Query',
  TransactWriteCommand: 'transaction',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
};

function ofTable(command: string, input: TableInput, resources: NamedResources): IamRequest[] {
  if (input.TransactItems) {
    return input.TransactItems.flatMap((item) =>
      Object.entries(item).flatMap(([operation, part]) => ofTable(operation, part, resources)),
    );
  }
  const batch = Object.entries(input.RequestItems ?? {});
  if (batch.length > 0) {
    return batch.flatMap(([TableName, asked]) =>
      onTable(TABLE_COMMANDS[command] as string, { TableName }, batchKeys(asked), resources),
    );
  }
  const key = input.Key?.pk ?? input.Item?.pk ?? queriedKey(input);
  return onTable(TABLE_COMMANDS[command] as string, input, [key], resources);
}

function batchKeys(asked: BatchInput | readonly Deletion[]): string[] {
  const keys = 'Keys' in asked ? asked.Keys : asked.map(({ DeleteRequest }) => DeleteRequest.Key);
  return keys.map(({ pk }) => pk);
}

function queriedKey({ KeyConditionExpression = '', ExpressionAttributeValues = {} }: TableInput): string {
  const [, value = ''] = /^\S+ = (:\w+)/.exec(KeyConditionExpression) ?? [];
  const key = ExpressionAttributeValues[value];
  if (key === undefined) throw new Error(`No partition key in the condition "${KeyConditionExpression}"`);
  return key;
}

function onTable(
  action: string,
  { TableName, IndexName }: Pick<TableInput, 'TableName' | 'IndexName'>,
  keys: readonly string[],
  resources: NamedResources,
): IamRequest[] {
  const { arn, keyArn } = named(TableName, resources);
  return [
    {
      action: `dynamodb:${action}`,
      resource: IndexName ? `${arn}/index/${IndexName}` : arn,
      context: { 'dynamodb:LeadingKeys': keys },
    },
    ...(keyArn ? [{ action: 'kms:Decrypt', resource: keyArn }] : []),
  ];
}

const READS = { action: 's3:GetObject', keyActions: ['kms:Decrypt'] };
const WRITES = { action: 's3:PutObject', keyActions: ['kms:GenerateDataKey'] };
/** S3 decrypts the parts of an upload to put them together. */
const WRITES_PART = { action: 's3:PutObject', keyActions: ['kms:Decrypt', 'kms:GenerateDataKey'] };

const OBJECT_COMMANDS: Readonly<
  Record<
    string,
    { readonly action: string; readonly keyActions: readonly string[]; readonly creates?: boolean }
  >
> = {
  GetObjectCommand: READS,
  HeadObjectCommand: READS,
  PutObjectCommand: { ...WRITES, creates: true },
  CreateMultipartUploadCommand: { ...WRITES_PART, creates: false },
  UploadPartCommand: { ...WRITES_PART, creates: false },
  CompleteMultipartUploadCommand: { ...WRITES_PART, creates: true },
  AbortMultipartUploadCommand: { action: 's3:AbortMultipartUpload', keyActions: [] },
};

function ofListing({ Bucket, Prefix }: ListingInput, resources: NamedResources): IamRequest[] {
  const { arn } = named(Bucket, resources);
  return [{ action: 's3:ListBucket', resource: arn, context: { ...CONNECTION, 's3:prefix': [Prefix] } }];
}

/** Reads one object and writes another. Source: Amazon S3 API, CopyObject, "Permissions". */
function ofCopy({ CopySource, ...target }: CopyInput, resources: NamedResources): IamRequest[] {
  const [Bucket = '', ...key] = CopySource.split('/');
  const source = { Bucket, Key: decodeURIComponent(key.join('/')) };
  return [
    ...ofObject('GetObjectCommand', source, resources),
    ...ofObject('PutObjectCommand', target, resources),
  ];
}

function ofObject(
  command: string,
  { Bucket, Key, IfNoneMatch }: ObjectInput,
  resources: NamedResources,
): IamRequest[] {
  const { arn, keyArn } = named(Bucket, resources);
  const { action, keyActions, creates } = OBJECT_COMMANDS[command] as (typeof OBJECT_COMMANDS)[string];
  return [
    {
      action,
      resource: `${arn}/${Key}`,
      context: {
        ...CONNECTION,
        ...(creates !== undefined && { 's3:ObjectCreationOperation': [String(creates)] }),
        ...(IfNoneMatch !== undefined && { 's3:if-none-match': [IfNoneMatch] }),
      },
    },
    // Without it S3 answers 403, not 404, when there is no such object; the request has no prefix.
    ...(action === READS.action ? [{ action: 's3:ListBucket', resource: arn, context: CONNECTION }] : []),
    ...(keyArn ? keyActions.map((keyAction) => ({ action: keyAction, resource: keyArn })) : []),
  ];
}

function named(name: string, resources: NamedResources): NamedResource {
  const resource = resources[name];
  if (!resource) throw new Error(`${name} is none of ${Object.keys(resources).join(', ')}`);
  return resource;
}
