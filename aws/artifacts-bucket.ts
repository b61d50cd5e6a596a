import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline, type Readable, Transform } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { UnavailableError } from '../core/errors.ts';
import { ArtifactMissingError } from '../core/registry/artifact-reader.ts';
import type { ArtifactStore } from '../core/registry/artifact-store.ts';
import { fileChanged } from '../core/registry/model-file.ts';
import type { Artifact } from '../core/registry/model-version.ts';
import { ARTIFACT_PREFIX } from '../lib/contracts/registry-layout.ts';
import { isForbidden, isMissing } from './missing-object.ts';
import { orUnavailable } from './unavailable.ts';

/** Files up to this size are sent as one object, larger ones in parts of it; S3 takes at most 10 000 parts. */
const PART_BYTES = 8 * 1024 * 1024;

const PUT_ATTEMPTS = 3;

/** Key of an artifact in the artifacts bucket. */
export function artifactKey({ digest }: Artifact): string {
  return `${ARTIFACT_PREFIX}${digest}`;
}

/** Artifacts in an S3 bucket, one object per digest, created once and never overwritten. */
export class ArtifactsBucket implements ArtifactStore {
  constructor(
    private readonly client: S3Client,
    private readonly bucket: string,
  ) {}

  async open(artifact: Artifact): Promise<Readable> {
    try {
      const { Body } = await this.client.send(
        new GetObjectCommand({ Bucket: this.bucket, Key: artifactKey(artifact) }),
      );
      return Body as Readable;
    } catch (error) {
      // A bucket that does not exist is answered with the same status, and is another fault.
      if (isMissing(error) && (error as Error).name === 'NoSuchKey')
        throw new ArtifactMissingError(artifact, error);
      if (isForbidden(error)) {
        throw new UnavailableError(
          'ARTIFACT_UNAVAILABLE',
          `The artifact ${artifact.digest} may not be read: give who reads it s3:GetObject and s3:ListBucket on the ` +
            'bucket, and kms:Decrypt on the key that encrypts it.',
          { cause: error },
        );
      }
      throw orUnavailable(error, 'ARTIFACT_UNAVAILABLE', BUCKET_SILENT);
    }
  }

  async put(
    artifact: Artifact,
    path: string,
    onProgress?: (bytes: number) => void,
  ): Promise<'created' | 'already there'> {
    try {
      for (let attempt = 0; attempt < PUT_ATTEMPTS; attempt++) {
        const outcome = (await this.#holds(artifact))
          ? 'already there'
          : await this.#create(artifact, path, onProgress);
        if (outcome !== 'disturbed') {
          onProgress?.(artifact.size);
          return outcome;
        }
      }
    } catch (error) {
      throw orUnavailable(error, 'ARTIFACT_UNAVAILABLE', BUCKET_SILENT);
    }
    throw new UnavailableError('ARTIFACT_UNAVAILABLE', BUCKET_SILENT);
  }

  /** Only saves sending the file again: what decides is the create-only write. */
  async #holds(artifact: Artifact): Promise<boolean> {
    try {
      await this.client.send(new HeadObjectCommand({ Bucket: this.bucket, Key: artifactKey(artifact) }));
      return true;
    } catch (error) {
      // Whether the object may be written is for the write to find out.
      if (isMissing(error) || isForbidden(error)) {
        return false;
      }
      throw error;
    }
  }

  async #create(
    artifact: Artifact,
    path: string,
    onProgress?: (bytes: number) => void,
  ): Promise<'created' | 'already there' | 'disturbed'> {
    const upload = new Upload({
      client: this.client,
      partSize: PART_BYTES,
      params: {
        Bucket: this.bucket,
        Key: artifactKey(artifact),
        Body: onlyThese(artifact, path),
        ContentLength: artifact.size,
        ContentType: 'application/octet-stream',
        ChecksumAlgorithm: 'SHA256',
        // S3 refuses to overwrite: of two uploads at once one creates the object, the other finds it there.
        IfNoneMatch: '*',
      },
    });
    upload.on('httpUploadProgress', ({ loaded = 0 }) => onProgress?.(loaded));
    try {
      await upload.done();
      return 'created';
    } catch (error) {
      const { name, syscall } = error as NodeJS.ErrnoException;
      // Another write of the same object was under way: S3 asks to try again.
      if (name === 'ConditionalRequestConflict') {
        return 'disturbed';
      }
      if (name === 'PreconditionFailed') {
        return 'already there';
      }
      throw syscall === 'open' || syscall === 'read' ? fileChanged(path) : error;
    }
  }
}

/**
 * The bytes of a file; fails before its end when they are not those of the artifact. A multipart upload is completed
 * only after the stream has ended, so that no object comes into being under a digest that is not its own.
 */
function onlyThese(artifact: Artifact, path: string): Readable {
  const hash = createHash('sha256');
  let size = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
    flush(done) {
      const same = size === artifact.size && hash.digest('hex') === artifact.digest;
      done(same ? null : fileChanged(path));
    },
  });
  // The upload sees the failure of either stream: pipeline destroys `check` with it.
  return pipeline(createReadStream(path), check, () => undefined);
}

const BUCKET_SILENT =
  'The store of model artifacts does not answer at the moment; try again in a few seconds.';
