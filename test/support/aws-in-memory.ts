import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { DynamoDbInMemory } from './dynamodb-in-memory.ts';

/** The clients of every adapter, answered from memory: enough of DynamoDB and S3 for the adapters to do their work. */
export class AwsInMemory {
  readonly #dynamo = mockClient(DynamoDBDocumentClient);
  readonly #s3 = mockClient(S3Client);
  readonly #table = new DynamoDbInMemory();
  readonly #objects = new Map<string, Buffer>();
  readonly #parts = new Map<string, Buffer[]>();

  constructor() {
    this.#answerTable();
    this.#answerBuckets();
  }

  putObject(bucket: string, key: string, bytes: Buffer): void {
    this.#objects.set(`${bucket}/${key}`, bytes);
  }

  /** The commands that were sent since this was last asked for. */
  takeCommands(): { readonly constructor: { readonly name: string }; readonly input: object }[] {
    const commands = [...this.#dynamo.calls(), ...this.#s3.calls()].map(({ args: [command] }) => command);
    this.#dynamo.resetHistory();
    this.#s3.resetHistory();
    return commands;
  }

  restore(): void {
    this.#dynamo.restore();
    this.#s3.restore();
  }

  #answerTable(): void {
    const dynamo = this.#dynamo;
    const { client } = this.#table;
    dynamo.on(GetCommand).callsFake((input) => client.send(new GetCommand(input)));
    dynamo.on(BatchGetCommand).callsFake((input) => client.send(new BatchGetCommand(input)));
    dynamo.on(QueryCommand).callsFake((input) => client.send(new QueryCommand(input)));
    dynamo.on(BatchWriteCommand).callsFake((input) => client.send(new BatchWriteCommand(input)));
    dynamo.on(TransactWriteCommand).callsFake((input) => client.send(new TransactWriteCommand(input)));
  }

  #answerBuckets(): void {
    const s3 = this.#s3;
    const place = ({ Bucket, Key }: { Bucket?: string; Key?: string }) => `${Bucket}/${Key}`;
    const read = (input: object) => {
      const bytes = this.#objects.get(place(input));
      if (bytes) return bytes;
      throw Object.assign(new Error('no such object'), {
        name: 'NoSuchKey',
        $metadata: { httpStatusCode: 404 },
      });
    };
    s3.on(HeadObjectCommand).callsFake(async (input) => ({ ContentLength: read(input).length }));
    s3.on(GetObjectCommand).callsFake(async (input) => ({
      ContentLength: read(input).length,
      Body: Readable.from([read(input)]),
    }));
    s3.on(PutObjectCommand).callsFake(async (input) => {
      this.#objects.set(place(input), await bytesOf(input.Body));
      return {};
    });
    s3.on(CreateMultipartUploadCommand).callsFake(async (input) => {
      this.#parts.set(place(input), []);
      return { UploadId: place(input) };
    });
    s3.on(UploadPartCommand).callsFake(async (input) => {
      const parts = this.#parts.get(place(input)) as Buffer[];
      parts[(input.PartNumber as number) - 1] = await bytesOf(input.Body);
      return { ETag: String(input.PartNumber) };
    });
    s3.on(ListObjectsV2Command).callsFake(async ({ Bucket, Prefix = '' }) => ({
      Contents: [...this.#objects]
        .filter(([at]) => at.startsWith(`${Bucket}/${Prefix}`))
        .map(([at, { length }]) => ({ Key: at.slice(Bucket.length + 1), Size: length })),
    }));
    s3.on(CopyObjectCommand).callsFake(async (input) => {
      this.#objects.set(place(input), this.#objects.get(decodeURIComponent(input.CopySource)) as Buffer);
      return {};
    });
    s3.on(AbortMultipartUploadCommand).callsFake(async (input) => {
      this.#parts.delete(place(input));
      return {};
    });
    s3.on(CompleteMultipartUploadCommand).callsFake(async (input) => {
      this.#objects.set(place(input), Buffer.concat(this.#parts.get(place(input)) as Buffer[]));
      return {};
    });
  }
}

async function bytesOf(body: unknown): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
