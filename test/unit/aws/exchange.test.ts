import { Readable } from 'node:stream';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { s3Signer } from '../../../aws/clients.ts';
import { ExchangeBucket } from '../../../aws/exchange-bucket.ts';
import { ExchangeUrls } from '../../../aws/exchange-urls.ts';

const KEY = `in/${'0'.repeat(64)}/id`;
const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret', sessionToken: 'session' };
vi.stubEnv('AWS_ENDPOINT_URL', undefined);
vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId);
vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey);
vi.stubEnv('AWS_SESSION_TOKEN', credentials.sessionToken);

const urls = new ExchangeUrls(s3Signer({ region: 'eu-west-1' }), {
  bucket: 'exchange-bucket',
  expirySeconds: 90,
});

describe('a signed address', () => {
  let upload: URL;
  beforeAll(async () => {
    upload = new URL(await urls.signUpload(KEY, 123));
  });

  it('is of one object in one bucket, for a time', () => {
    expect(upload.host).toBe('exchange-bucket.s3.eu-west-1.amazonaws.com');
    expect(upload.pathname).toBe(`/${KEY}`);
    expect(upload.searchParams.get('X-Amz-Expires')).toBe('90');
  });

  it('binds the length of the body', () => {
    expect(upload.searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host');
  });

  // The SDK adds the checksum of the body it sees, which is none: S3 would refuse every upload.
  it('holds no checksum', () => {
    expect([...upload.searchParams.keys()].filter((name) => /checksum/i.test(name))).toEqual([]);
  });

  it('to download from asks for nothing that a plain GET does not send', async () => {
    const download = new URL(await urls.signDownload(KEY));
    expect(download.searchParams.get('X-Amz-SignedHeaders')).toBe('host');
    expect([...download.searchParams.keys()].filter((name) => /checksum/i.test(name))).toEqual([]);
  });
});

describe('the bucket', () => {
  const s3 = mockClient(S3Client);
  const bucket = new ExchangeBucket(new S3Client({ region: 'eu-west-1', credentials }), urls);
  beforeEach(() => s3.reset());

  const fails = (status: number, name = 'UnknownError') =>
    Object.assign(new Error('from S3'), { name, $metadata: { httpStatusCode: status } });
  const holds = (body: Readable, ContentLength: number) =>
    s3.on(GetObjectCommand).resolves({ Body: body as never, ContentLength });

  it('gives the bytes of an object in the pieces that come, in memory of their own', async () => {
    holds(Readable.from([Buffer.from('ab'), Buffer.from('cde')]), 5);
    const found = await bucket.open(KEY);
    const bytes = (await found?.read()) as Uint8Array;
    expect(found?.size).toBe(5);
    expect(Buffer.from(bytes).toString()).toBe('abcde');
    expect({ offset: bytes.byteOffset, size: bytes.buffer.byteLength }).toEqual({ offset: 0, size: 5 });
  });

  it('lets go of an object that is not wanted', async () => {
    const body = Readable.from([Buffer.from('abc')]);
    holds(body, 3);
    (await bucket.open(KEY))?.discard();
    expect(body.destroyed).toBe(true);
  });

  it('has no object where S3 says that there is none', async () => {
    s3.on(GetObjectCommand).rejects(fails(404, 'NoSuchKey'));
    expect(await bucket.open(KEY)).toBeUndefined();
  });

  // To the caller it would read as a mistake of his: TENSOR_NOT_FOUND.
  it('does not take a missing permission for a missing object', async () => {
    s3.on(GetObjectCommand).rejects(fails(403, 'AccessDenied'));
    await expect(bucket.open(KEY)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('is unavailable when S3 fails, and when an object breaks off', async () => {
    const unavailable = { code: 'EXCHANGE_UNAVAILABLE', statusCode: 503, retryable: true };
    s3.on(GetObjectCommand).rejects(fails(503, 'SlowDown'));
    await expect(bucket.open(KEY)).rejects.toMatchObject(unavailable);
    s3.on(PutObjectCommand).rejects(fails(500, 'InternalError'));
    await expect(bucket.write(KEY, new Uint8Array(1))).rejects.toMatchObject(unavailable);
    holds(Readable.from([Buffer.from('ab')]), 5);
    await expect((await bucket.open(KEY))?.read()).rejects.toMatchObject(unavailable);
    const broken = new Readable({
      read() {
        this.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
      },
    });
    holds(broken, 5);
    await expect((await bucket.open(KEY))?.read()).rejects.toMatchObject(unavailable);
  });

  it('does not call a mistake of ours an outage', async () => {
    s3.on(PutObjectCommand).rejects(fails(403, 'AccessDenied'));
    await expect(bucket.write(KEY, new Uint8Array(1))).rejects.not.toMatchObject({
      code: 'EXCHANGE_UNAVAILABLE',
    });
  });

  it('writes what it is given and signs the address of that', async () => {
    s3.on(PutObjectCommand).resolves({});
    const url = new URL(await bucket.write(KEY, Buffer.from('abc')));
    expect(url.pathname).toBe(`/${KEY}`);
    expect(s3.commandCalls(PutObjectCommand)[0]?.args[0].input).toMatchObject({
      Bucket: 'exchange-bucket',
      Key: KEY,
      ContentLength: 3,
    });
  });
});
