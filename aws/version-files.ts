import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { VersionFile, VersionFiles } from '../core/admission/version-files.ts';
import { InvalidInputError } from '../core/errors.ts';
import { digestOfStorage, type StoredByDigest } from '../core/registry/artifact-storage.ts';
import { folderDigest, readFolderListing } from '../core/registry/folder-digest.ts';
import { folderOfStorage } from '../core/registry/staging-keys.ts';
import { artifactKey } from './artifacts-bucket.ts';
import { orUnavailable } from './unavailable.ts';

export interface VersionFilesOptions {
  readonly client: S3Client;
  readonly artifactsBucket: string;
  /** @default - files that clients pushed are not there */
  readonly stagingBucket?: string | undefined;
}

/** Where one file lies. */
interface Place {
  readonly Bucket: string;
  readonly Key: string;
  /** What its bytes have to have, where the key says so. */
  readonly digest?: string;
}

/** More files than these are no model. */
const MAX_FILES = 10_000;

/** The files of versions in S3: as clients pushed them, or by digest in the bucket of artifacts. */
export class VersionFilesInS3 implements VersionFiles {
  constructor(private readonly options: VersionFilesOptions) {}

  async list(storage: string | undefined): Promise<readonly VersionFile[]> {
    const stored = digestOfStorage(storage);
    if (stored) return this.#asked(() => this.#listStored(stored));
    const { Bucket, Key } = this.#staged(storage);
    return this.#asked(async () => {
      const files: VersionFile[] = [];
      let token: string | undefined;
      do {
        const page = await this.options.client.send(
          new ListObjectsV2Command({ Bucket, Prefix: Key, ContinuationToken: token }),
        );
        for (const { Key: key = '', Size = 0 } of page.Contents ?? [])
          files.push({ name: key.slice(Key.length), size: Size });
        token = files.length < MAX_FILES ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
      return files;
    });
  }

  async open(storage: string | undefined, name: string): Promise<Readable> {
    return this.#asked(async () => {
      const { digest, ...place } = await this.#place(storage, name);
      const { Body } = await this.options.client.send(new GetObjectCommand(place));
      return digest === undefined ? (Body as Readable) : Readable.from(bytesOf(digest, Body as Readable));
    });
  }

  async #place(storage: string | undefined, name: string): Promise<Place> {
    const stored = digestOfStorage(storage);
    if (stored === undefined) {
      const { Bucket, Key } = this.#staged(storage);
      return { Bucket, Key: `${Key}${name}` };
    }
    if (!stored.isList) return this.#byDigest(stored.digest);
    const file = (await this.#listed(stored.digest)).find((each) => each.name === name);
    return this.#byDigest(file?.digest ?? stored.digest);
  }

  async #listStored({ digest, isList }: StoredByDigest): Promise<VersionFile[]> {
    const files = isList ? await this.#listed(digest) : [{ name: 'model.onnx', digest }];
    return Promise.all(
      files.map(async (file) => {
        const { ContentLength = 0 } = await this.options.client.send(
          new HeadObjectCommand(keyOf(this.#byDigest(file.digest))),
        );
        return { name: file.name, size: ContentLength };
      }),
    );
  }

  async #listed(digest: string) {
    const { Body } = await this.options.client.send(new GetObjectCommand(keyOf(this.#byDigest(digest))));
    const files = readFolderListing(await text(Body as Readable));
    if (files === undefined || folderDigest(files) !== digest) throw noFiles();
    return files;
  }

  #byDigest(digest: string): Place {
    return { Bucket: this.options.artifactsBucket, Key: artifactKey({ digest, size: 0 }), digest };
  }

  /** Key: what those of its files begin with. */
  #staged(storage: string | undefined): Place {
    const folder = folderOfStorage(storage);
    const { stagingBucket } = this.options;
    if (folder === undefined || stagingBucket === undefined) throw noFiles();
    return { Bucket: stagingBucket, Key: `${folder}/` };
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw orUnavailable(error, 'STAGING_UNAVAILABLE', SILENT);
    }
  }
}

function keyOf({ Bucket, Key }: Place) {
  return { Bucket, Key };
}

/** The bytes of a file; fails at its end when they are others. */
async function* bytesOf(digest: string, source: Readable): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of source as AsyncIterable<Buffer>) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') === digest) return;
  throw new InvalidInputError(
    'DIGEST_MISMATCH',
    `The stored bytes of artifact ${digest} are not those that were uploaded. Find out what wrote to the store.`,
  );
}

function noFiles(): InvalidInputError {
  return new InvalidInputError(
    'NO_FILES',
    'The registry keeps no files of this version. Push the model with it: ' +
      'mlflow.onnx.log_model(model, name="model", registered_model_name="..."), or strata register.',
  );
}

const SILENT = 'The store of pushed files does not answer at the moment; try again in a few seconds.';
