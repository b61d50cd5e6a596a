import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StrataError, UnavailableError } from '../errors.ts';
import type { ArtifactReader } from '../registry/artifact-reader.ts';
import type { Artifact } from '../registry/model-version.ts';
import type { DigestMismatch } from './engine-event.ts';
import { makeRoom } from './make-room.ts';
import { MeasuredStream, TooLongError } from './measured-stream.ts';

/** Hashing reads in large pieces: small ones cost more in the event loop than in the hash. */
const READ_BYTES = 1024 * 1024;

/** A file of which the bytes were just verified. */
export interface ModelFile {
  readonly path: string;
  readonly source: 'disk' | 'store';
}

export interface ModelFilesOptions {
  readonly artifacts: ArtifactReader;
  /** Made when it is missing. */
  readonly directory: string;
  readonly onMismatch: (event: DigestMismatch) => void;
  /** Free bytes of the disk that holds the directory; asks the file system unless given. */
  readonly freeBytes?: ((directory: string) => Promise<number>) | undefined;
}

/**
 * Model files on the local disk, `<digest>.onnx` each.
 *
 * A file is hashed whenever it is taken, be it just downloaded or left by an earlier process. A download has a name of
 * its own until it is verified, so what an interrupted one leaves is never mistaken for a model, and several processes
 * may share the directory.
 */
export class ModelFiles {
  readonly #options: ModelFilesOptions;
  /** Digests of files that are being opened now: they are not deleted to make room. */
  readonly #inUse = new Set<string>();

  constructor(options: ModelFilesOptions) {
    this.#options = options;
  }

  /**
   * Calls `open` with the verified file of an artifact, which stays where it is until `open` settles. For one digest at a
   * time.
   *
   * @throws UnavailableError `DIGEST_MISMATCH`, `ARTIFACT_UNAVAILABLE`
   */
  async use<T>(artifact: Artifact, open: (file: ModelFile) => Promise<T>): Promise<T> {
    this.#inUse.add(artifact.digest);
    try {
      return await open(await this.#verified(artifact));
    } finally {
      this.#inUse.delete(artifact.digest);
    }
  }

  async #verified(artifact: Artifact): Promise<ModelFile> {
    const path = join(this.#options.directory, `${artifact.digest}.onnx`);
    try {
      if (await this.#isKept(path, artifact)) return { path, source: 'disk' };
      await this.#download(path, artifact);
      return { path, source: 'store' };
    } catch (error) {
      if (error instanceof StrataError) throw error;
      throw unavailable(artifact, error);
    }
  }

  async #isKept(path: string, artifact: Artifact): Promise<boolean> {
    const content = new MeasuredStream(artifact);
    try {
      await pipeline(
        createReadStream(path, { highWaterMark: READ_BYTES }),
        (chunks) => content.pass(chunks),
        discard,
      );
    } catch (error) {
      if (isMissing(error)) return false;
      if (!(error instanceof TooLongError)) throw error;
    }
    if (content.agrees()) return true;
    await rm(path);
    this.#options.onMismatch(mismatch('disk', artifact, content));
    return false;
  }

  async #download(path: string, artifact: Artifact): Promise<void> {
    const { artifacts, directory, freeBytes, onMismatch } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await makeRoom({ directory, bytes: artifact.size, keep: this.#inUse, freeBytes });
    const partial = join(directory, `${artifact.digest}.${randomUUID()}.part`);
    try {
      const content = await copied(await artifacts.open(artifact), partial, artifact);
      if (!content.agrees()) {
        onMismatch(mismatch('store', artifact, content));
        throw mismatched(artifact);
      }
      await rename(partial, path);
    } finally {
      await rm(partial, { force: true });
    }
  }
}

async function copied(source: Readable, path: string, artifact: Artifact): Promise<MeasuredStream> {
  const content = new MeasuredStream(artifact);
  try {
    await pipeline(
      source,
      (chunks: AsyncIterable<Uint8Array>) => content.pass(chunks),
      createWriteStream(path, { flags: 'wx', mode: 0o600 }),
    );
  } catch (error) {
    if (!(error instanceof TooLongError)) throw error;
  }
  return content;
}

function mismatch(
  source: DigestMismatch['source'],
  expected: Artifact,
  content: MeasuredStream,
): DigestMismatch {
  const { digest, size } = expected;
  return { type: 'digest-mismatch', source, expected: { digest, size }, actual: content.measure() };
}

function mismatched({ digest }: Artifact): UnavailableError {
  return new UnavailableError(
    'DIGEST_MISMATCH',
    `The stored bytes of artifact ${digest} are not those that were registered. They were not loaded. Find out what wrote to the store, and register the model again.`,
  );
}

function unavailable({ digest, size }: Artifact, cause: unknown): UnavailableError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UnavailableError(
    'ARTIFACT_UNAVAILABLE',
    `The artifact ${digest} (${size} bytes) could not be copied to the local disk: ${reason}. The next request tries again.`,
    { cause },
  );
}

async function discard(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of chunks);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
