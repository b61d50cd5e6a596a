import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { InvalidInputError } from '../core/errors.ts';
import type {
  FolderListing,
  StagingStore,
  StartedUpload,
  UploadedPart,
} from '../core/registry/staging-store.ts';
import { isMissing } from './missing-object.ts';
import { orUnavailable } from './unavailable.ts';

export interface StagingBucketOptions {
  readonly client: S3Client;
  /** Made by `s3Signer`. */
  readonly signer: S3Client;
  readonly bucket: string;
  /** For how long a signed URL can be used; it also ends with the credentials that signed it. @default 900 */
  readonly expirySeconds?: number;
}

interface StoredFile {
  readonly key: string;
  readonly size: number;
}

/** Most bytes that are copied by one request; larger files go in parts that are copied side by side. */
const COPY_BYTES = 256 * 1024 * 1024;
const CONCURRENCY = 16;

/** The files that clients push, in an S3 bucket. */
export class StagingBucket implements StagingStore {
  constructor(private readonly options: StagingBucketOptions) {}

  put(key: string, bytes: Uint8Array): Promise<void> {
    return this.#ask(async ({ client }) => {
      const request = { ...this.#object(key), Body: bytes, ContentLength: bytes.length };
      await client.send(new PutObjectCommand(request));
    });
  }

  size(key: string): Promise<number | undefined> {
    return this.#ask(async ({ client }) => {
      try {
        return (await client.send(new HeadObjectCommand(this.#object(key)))).ContentLength ?? 0;
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    });
  }

  list(folder: string): Promise<FolderListing> {
    return this.#ask(async ({ client, bucket }) => {
      const prefix = `${folder}/`;
      const files: { name: string; size: number }[] = [];
      const folders: string[] = [];
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            Delimiter: '/',
            ContinuationToken: token,
          }),
        );
        for (const { Key = '', Size = 0 } of page.Contents ?? [])
          files.push({ name: Key.slice(prefix.length), size: Size });
        for (const { Prefix = '' } of page.CommonPrefixes ?? [])
          folders.push(Prefix.slice(prefix.length, -1));
        token = page.NextContinuationToken;
      } while (token !== undefined);
      return { files, folders };
    });
  }

  /** The length is signed: S3 refuses a body of any other. */
  signUpload(key: string, bytes: number): Promise<string> {
    const command = new PutObjectCommand({ ...this.#object(key), ContentLength: bytes });
    return getSignedUrl(this.options.signer, command, this.#expiry());
  }

  signDownload(key: string): Promise<string> {
    return getSignedUrl(this.options.signer, new GetObjectCommand(this.#object(key)), this.#expiry());
  }

  startUpload(key: string, parts: number): Promise<StartedUpload> {
    return this.#ask(async ({ client, signer }) => {
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(this.#object(key)));
      const numbers = Array.from({ length: parts }, (_, i) => i + 1);
      const urls = await Promise.all(
        numbers.map((PartNumber) => {
          const part = new UploadPartCommand({ ...this.#object(key), UploadId, PartNumber });
          return getSignedUrl(signer, part, this.#expiry());
        }),
      );
      return { id: UploadId as string, urls };
    });
  }

  completeUpload(key: string, id: string, parts: readonly UploadedPart[]): Promise<void> {
    return this.#ask(async ({ client }) => {
      const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
      try {
        await client.send(
          new CompleteMultipartUploadCommand({
            ...this.#object(key),
            UploadId: id,
            MultipartUpload: { Parts },
          }),
        );
      } catch (error) {
        throw isRefusal(error) ? invalidUpload(error) : error;
      }
    });
  }

  abortUpload(key: string, id: string): Promise<void> {
    return this.#ask(async ({ client }) => {
      try {
        await client.send(new AbortMultipartUploadCommand({ ...this.#object(key), UploadId: id }));
      } catch (error) {
        if (!isRefusal(error)) throw error;
      }
    });
  }

  copyFolder(from: string, to: string): Promise<number> {
    return this.#ask(async () => {
      const files = await this.#below(`${from}/`);
      const copied = files.map(
        ({ key, size }) =>
          () =>
            this.#copy({ key, size }, to + key.slice(from.length)),
      );
      await inTurns(copied);
      return files.length;
    });
  }

  async #below(prefix: string): Promise<StoredFile[]> {
    const { client, bucket } = this.options;
    const files: StoredFile[] = [];
    let token: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
      );
      files.push(...(page.Contents ?? []).map(({ Key = '', Size = 0 }) => ({ key: Key, size: Size })));
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return files;
  }

  async #copy({ key, size }: StoredFile, to: string): Promise<void> {
    const { client, bucket } = this.options;
    const CopySource = `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
    if (size <= COPY_BYTES) {
      await client.send(new CopyObjectCommand({ ...this.#object(to), CopySource }));
      return;
    }
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(this.#object(to)));
    const Parts = await inTurns(
      Array.from({ length: Math.ceil(size / COPY_BYTES) }, (_, i) => async () => {
        const last = Math.min((i + 1) * COPY_BYTES, size) - 1;
        const part = {
          ...this.#object(to),
          UploadId,
          PartNumber: i + 1,
          CopySource,
          CopySourceRange: `bytes=${i * COPY_BYTES}-${last}`,
        };
        const { CopyPartResult } = await client.send(new UploadPartCopyCommand(part));
        return { PartNumber: i + 1, ETag: CopyPartResult?.ETag };
      }),
    );
    await client.send(
      new CompleteMultipartUploadCommand({ ...this.#object(to), UploadId, MultipartUpload: { Parts } }),
    );
  }

  #object(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.options.bucket, Key: key };
  }

  #expiry(): { expiresIn: number } {
    return { expiresIn: this.options.expirySeconds ?? 900 };
  }

  async #ask<T>(ask: (options: StagingBucketOptions) => Promise<T>): Promise<T> {
    try {
      return await ask(this.options);
    } catch (error) {
      throw orUnavailable(
        error,
        'STAGING_UNAVAILABLE',
        'The store of pushed files does not answer at the moment; try again in a few seconds.',
      );
    }
  }
}

/** What S3 says of an upload that is not there or not complete. Source: Amazon S3 API, CompleteMultipartUpload. */
function isRefusal(error: unknown): boolean {
  const refusals = ['NoSuchUpload', 'InvalidPart', 'InvalidPartOrder', 'EntityTooSmall', 'MalformedXML'];
  return refusals.includes((error as Error).name);
}

function invalidUpload(cause: unknown): InvalidInputError {
  return new InvalidInputError(
    'INVALID_UPLOAD',
    `The upload cannot be completed (${(cause as Error).name}): it has ended already, or parts of it are missing or too small. Begin a new one.`,
    { cause },
  );
}

/** Runs them, so many at once; results in their order. */
async function inTurns<T>(tasks: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  for (let start = 0; start < tasks.length; start += CONCURRENCY) {
    results.push(...(await Promise.all(tasks.slice(start, start + CONCURRENCY).map((task) => task()))));
  }
  return results;
}
