import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StrataError, UnavailableError } from '../errors.ts';
import type { ArtifactReader } from '../registry/artifact-reader.ts';
import { folderDigest, staysInFolder } from '../registry/folder-digest.ts';
import type { Artifact, ArtifactFile } from '../registry/model-version.ts';
import type { DigestMismatch } from './engine-event.ts';
import { makeRoom } from './make-room.ts';
import { MeasuredStream, TooLongError } from './measured-stream.ts';
import { MODEL_FILE } from './model-folder.ts';

/** Hashing reads in large pieces: small ones cost more in the event loop than in the hash. */
const READ_BYTES = 1024 * 1024;

/** Ending of a folder that holds a model and the files with its weights. */
const FOLDER = 'folder';

/** A file of which the bytes were just verified, and with it those of the files beside it. */
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

/** Times that a file is fetched before its download is given up. */
const COPY_ATTEMPTS = 3;

/** Times that another process may be found to have spoilt what it put where a folder goes. */
const PLACE_ATTEMPTS = 3;

/**
 * Model files on the local disk: `<digest>.onnx`, or `<digest>.folder` where weights stand beside the model.
 *
 * A file is hashed whenever it is taken, be it just downloaded or left by an earlier process. A download has a name of
 * its own until it is verified, so what an interrupted one leaves is never mistaken for a model. Several processes and
 * threads may share the directory: of those that fetch one artifact at once the first puts it in its place, and the others
 * take what is there. Nothing that was verified is replaced; what is spoilt gets another name before it is deleted, so that
 * nobody finds half of it.
 */
export class ModelFiles {
  readonly #options: ModelFilesOptions;
  /** How many are opening the files of a digest now: these are not deleted to make room. */
  readonly #inUse = new Map<string, number>();

  constructor(options: ModelFilesOptions) {
    this.#options = options;
  }

  /**
   * Calls `open` with the verified file of an artifact, which stays where it is until `open` settles.
   *
   * @throws UnavailableError `DIGEST_MISMATCH`, `ARTIFACT_UNAVAILABLE`
   * @throws StrataError `MODEL_TOO_LARGE_FOR_ENDPOINT` when the disk cannot hold it
   */
  async use<T>(artifact: Artifact, open: (file: ModelFile) => Promise<T>): Promise<T> {
    const { digest } = artifact;
    this.#inUse.set(digest, (this.#inUse.get(digest) ?? 0) + 1);
    try {
      return await open(await this.#verified(artifact));
    } finally {
      const others = (this.#inUse.get(digest) ?? 1) - 1;
      if (others > 0) this.#inUse.set(digest, others);
      else this.#inUse.delete(digest);
    }
  }

  async #verified(artifact: Artifact): Promise<ModelFile> {
    const root = join(this.#options.directory, `${artifact.digest}.${artifact.files ? FOLDER : 'onnx'}`);
    const path = artifact.files ? join(root, MODEL_FILE) : root;
    try {
      const parts = partsOf(artifact);
      if (await this.#isKept(root, parts)) return { path, source: 'disk' };
      await this.#download(root, artifact, parts);
      return { path, source: 'store' };
    } catch (error) {
      if (error instanceof StrataError) throw error;
      throw unavailable(artifact, error);
    }
  }

  /** Whether all files are there and right; what is not is cleared away. */
  async #isKept(root: string, parts: readonly ArtifactFile[]): Promise<boolean> {
    const found = await inodeOf(root);
    if (found === undefined) return false;
    for (const part of parts) {
      const content = await measured(join(root, part.name), part);
      if (content?.agrees()) continue;
      if (content) this.#options.onMismatch(mismatch('disk', part, content));
      await this.#clearAway(root, found);
      return false;
    }
    return true;
  }

  /** Somebody else may have put the right files there meanwhile: these stay. */
  async #clearAway(root: string, found: bigint): Promise<void> {
    if ((await inodeOf(root)) !== found) return;
    const aside = `${root.slice(0, root.lastIndexOf('.'))}.${randomUUID()}.part`;
    await rename(root, aside).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    await rm(aside, { recursive: true, force: true });
  }

  async #download(root: string, artifact: Artifact, parts: readonly ArtifactFile[]): Promise<void> {
    const { directory, freeBytes } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await makeRoom({ directory, bytes: artifact.size, keep: this.#inUse, freeBytes });
    const partial = join(directory, `${artifact.digest}.${randomUUID()}.part`);
    try {
      // All have ended before what they wrote is deleted.
      const copies = await Promise.allSettled(parts.map((part) => this.#copy(part, partial)));
      const failure = copies.find(({ status }) => status === 'rejected');
      if (failure?.status === 'rejected') throw failure.reason;
      await this.#place(partial, root, parts);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }

  async #place(partial: string, root: string, parts: readonly ArtifactFile[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await rename(partial, root);
      } catch (error) {
        if (!isOccupied(error) || attempt === PLACE_ATTEMPTS) throw error;
        if (await this.#isKept(root, parts)) return;
      }
    }
  }

  async #copy(part: ArtifactFile, partial: string): Promise<void> {
    const { onMismatch } = this.#options;
    const path = join(partial, part.name);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const { digest, size } = part;
    const content = await this.#copied({ digest, size }, path);
    if (content.agrees()) return;
    onMismatch(mismatch('store', part, content));
    throw mismatched(part);
  }

  /** Clients of stores try again what is refused, and not what breaks off in the middle. */
  async #copied(artifact: Artifact, path: string): Promise<MeasuredStream> {
    for (let attempt = 1; ; attempt += 1) {
      const source = await this.#options.artifacts.open(artifact);
      try {
        return await copied(source, path, artifact);
      } catch (error) {
        if (attempt === COPY_ATTEMPTS || isOfDisk(error)) throw error;
        await rm(path, { force: true });
      }
    }
  }
}

/**
 * The files of an artifact; a single one has no name.
 *
 * @throws UnavailableError `DIGEST_MISMATCH` when the list of files is not the one that was registered
 */
function partsOf(artifact: Artifact): readonly ArtifactFile[] {
  const { digest, size, files } = artifact;
  if (files === undefined) return [{ name: '', digest, size }];
  const isModel =
    files.some(({ name }) => name === MODEL_FILE) && files.every((file) => staysInFolder(file.name));
  if (isModel && folderDigest(files) === digest) return files;
  throw mismatched(artifact);
}

/** What a file holds; undefined when there is none. */
async function measured(path: string, expected: Artifact): Promise<MeasuredStream | undefined> {
  const content = new MeasuredStream(expected);
  try {
    await pipeline(
      createReadStream(path, { highWaterMark: READ_BYTES }),
      (chunks) => content.pass(chunks),
      discard,
    );
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (!(error instanceof TooLongError)) throw error;
  }
  return content;
}

async function copied(source: Readable, path: string, artifact: Artifact): Promise<MeasuredStream> {
  const content = new MeasuredStream(artifact);
  // Opened before anything can fail: a stream that opens it itself may do so after what failed was cleared away.
  await using file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    source.destroy();
    throw error;
  });
  try {
    await pipeline(
      source,
      (chunks: AsyncIterable<Uint8Array>) => content.pass(chunks),
      file.createWriteStream(),
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

/** Whether this machine is at fault: another try would meet the same full disk. */
function isOfDisk(error: unknown): boolean {
  const { syscall = '' } = error as NodeJS.ErrnoException;
  return syscall === 'open' || syscall === 'write';
}

/** Changes when another file or folder takes the name; undefined when there is none. */
async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await stat(path, { bigint: true })).ino;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A folder with files does not give its place to another (POSIX: rename; Windows says EPERM). */
function isOccupied(error: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
