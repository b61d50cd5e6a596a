import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ArtifactsBucket } from '../../../aws/artifacts-bucket.ts';

const BYTES = Buffer.from('an artifact');
const ARTIFACT = { digest: createHash('sha256').update(BYTES).digest('hex'), size: BYTES.length };

const s3 = mockClient(S3Client);
const bucket = new ArtifactsBucket(new S3Client({ region: 'eu-west-1' }), 'artifacts');

/** An error as S3 answers it; to HEAD there is no body, hence no name. */
function answer(status: number, name = 'UnknownError'): Error {
  return Object.assign(new Error('from S3'), { name, $metadata: { httpStatusCode: status } });
}

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'artifacts-'));
  path = join(folder, 'model.onnx');
  await writeFile(path, BYTES);
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(() => {
  s3.reset();
  s3.on(HeadObjectCommand).rejects(answer(404, 'NotFound'));
  s3.on(PutObjectCommand).resolves({});
});

const puts = () => s3.commandCalls(PutObjectCommand);

describe('storing an artifact', () => {
  it('creates the object under its digest and lets S3 refuse to overwrite', async () => {
    expect(await bucket.put(ARTIFACT, path)).toBe('created');
    expect(puts()[0]?.args[0].input).toMatchObject({
      Bucket: 'artifacts',
      Key: `artifacts/sha256/${ARTIFACT.digest}`,
      IfNoneMatch: '*',
      ChecksumAlgorithm: 'SHA256',
    });
  });

  it('does not send what is stored, and tells it as done', async () => {
    s3.on(HeadObjectCommand).resolves({});
    const told: number[] = [];
    expect(await bucket.put(ARTIFACT, path, (bytes) => told.push(bytes))).toBe('already there');
    expect(puts()).toEqual([]);
    expect(told).toEqual([ARTIFACT.size]);
  });

  it('works for a caller that may not list the bucket, to whom S3 says 403 of what is missing', async () => {
    s3.on(HeadObjectCommand).rejects(answer(403));
    expect(await bucket.put(ARTIFACT, path)).toBe('created');
  });

  it('finds it there when another upload was faster (412)', async () => {
    s3.on(PutObjectCommand).rejects(answer(412, 'PreconditionFailed'));
    expect(await bucket.put(ARTIFACT, path)).toBe('already there');
  });

  it('tries again when another write was under way (409)', async () => {
    s3.on(PutObjectCommand).rejectsOnce(answer(409, 'ConditionalRequestConflict')).resolves({});
    expect(await bucket.put(ARTIFACT, path)).toBe('created');
    expect(puts()).toHaveLength(2);
  });

  it('is unavailable when other writes are always under way', async () => {
    s3.on(PutObjectCommand).rejects(answer(409, 'ConditionalRequestConflict'));
    await expect(bucket.put(ARTIFACT, path)).rejects.toMatchObject({ code: 'ARTIFACT_UNAVAILABLE' });
  });

  it.each([
    { what: 'other bytes', artifact: { ...ARTIFACT, digest: '0'.repeat(64) }, file: () => path },
    { what: 'another size', artifact: { ...ARTIFACT, size: 5 }, file: () => path },
    { what: 'been deleted', artifact: ARTIFACT, file: () => join(folder, 'gone.onnx') },
  ])('sends nothing of a file that has $what by now', async ({ artifact, file }) => {
    await expect(bucket.put(artifact, file())).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    expect(puts()).toEqual([]);
  });

  it.each([
    { status: 503, name: 'SlowDown', code: 'ARTIFACT_UNAVAILABLE' },
    { status: 500, name: 'InternalError', code: 'ARTIFACT_UNAVAILABLE' },
  ])('is $code when S3 answers $name', async ({ status, name, code }) => {
    s3.on(PutObjectCommand).rejects(answer(status, name));
    await expect(bucket.put(ARTIFACT, path)).rejects.toMatchObject({ code, retryable: true });
  });

  it('does not call a refusal an outage', async () => {
    s3.on(PutObjectCommand).rejects(answer(403, 'AccessDenied'));
    await expect(bucket.put(ARTIFACT, path)).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

describe('opening an artifact', () => {
  it.each([
    { status: 404, name: 'NoSuchKey' },
    { status: 403, name: 'AccessDenied' },
    { status: 503, name: 'SlowDown' },
  ])('that S3 answers with $name is unavailable', async ({ status, name }) => {
    s3.on(GetObjectCommand).rejects(answer(status, name));
    await expect(bucket.open(ARTIFACT)).rejects.toMatchObject({
      code: 'ARTIFACT_UNAVAILABLE',
      statusCode: 503,
    });
  });

  it.each([
    { status: 404, name: 'NoSuchKey', message: /is not stored; register the model again/ },
    { status: 403, name: 'AccessDenied', message: /may not be read: give .*s3:GetObject/ },
  ])('says of $name what is to be done', async ({ status, name, message }) => {
    s3.on(GetObjectCommand).rejects(answer(status, name));
    await expect(bucket.open(ARTIFACT)).rejects.toThrow(message);
  });
});
