import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InvalidInputError } from '../errors.ts';
import { folderDigest } from '../registry/folder-digest.ts';
import type { ArtifactFile } from '../registry/model-version.ts';
import type { ModelOnDisk } from './describe-model-file.ts';

export const MODEL_FILE = 'model.onnx';
export const WEIGHTS_FILE = 'model.onnx.data';

/** A model as a folder: `model.onnx`, and the files with its weights if they stand outside. */
export interface ModelFolder {
  readonly directory: string;
  readonly files: readonly ArtifactFile[];
  /** SHA-256 over all files (`folderDigest`). */
  readonly digest: string;
  /** Bytes of all files together. */
  readonly size: number;
}

/** @throws InvalidInputError `OUTPUT_IS_INPUT` when writing these files would replace files of the model itself */
export async function refuseReplacing(
  { path, weightFiles }: ModelOnDisk,
  written: readonly string[],
): Promise<void> {
  const own = [path, ...weightFiles.map((name) => join(dirname(path), name))];
  const real = await Promise.all(own.map((each) => realpath(each)));
  const targets = await Promise.all(written.map((each) => realpath(each).catch(() => resolve(each))));
  const replaced = targets.find((each) => real.includes(each));
  if (replaced === undefined) return;
  throw new InvalidInputError(
    'OUTPUT_IS_INPUT',
    `The result would replace the original, ${replaced}. Name another place for it.`,
  );
}

/** Paths that `writeModelFolder` may write. */
export function filesOfFolder({ weightFiles }: ModelOnDisk, directory: string): string[] {
  return [MODEL_FILE, WEIGHTS_FILE, ...weightFiles].map((name) => join(directory, name));
}

/**
 * Copies a model to a folder. The model comes last: whoever finds it, finds its weights.
 *
 * @throws InvalidInputError `OUTPUT_NOT_WRITABLE`
 */
export async function writeModelFolder(
  { path, weightFiles }: ModelOnDisk,
  directory: string,
): Promise<ModelFolder> {
  await writing(directory, async () => {
    await mkdir(directory, { recursive: true });
    if (!weightFiles.includes(WEIGHTS_FILE)) await rm(join(directory, WEIGHTS_FILE), { force: true });
    for (const name of weightFiles) await place(join(dirname(path), name), join(directory, name));
    await place(path, join(directory, MODEL_FILE));
  });
  const files = await Promise.all(
    [MODEL_FILE, ...weightFiles].sort().map((name) => fileDigest(directory, name)),
  );
  return {
    directory,
    files,
    // As the registry has it: a lone file is known by its own digest.
    digest: files.length === 1 ? (files[0] as ArtifactFile).digest : folderDigest(files),
    size: files.reduce((sum, { size }) => sum + size, 0),
  };
}

/**
 * Copies a model that is one file.
 *
 * @throws InvalidInputError `OUTPUT_NOT_WRITABLE`
 */
export async function writeModelFile(path: string, target: string): Promise<ArtifactFile> {
  await writing(target, () => place(path, target));
  return await fileDigest(dirname(target), basename(target));
}

async function writing(target: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    throw new InvalidInputError(
      'OUTPUT_NOT_WRITABLE',
      `${target} cannot be written (${(cause as NodeJS.ErrnoException).code}). Name another place for it.`,
      { cause },
    );
  }
}

/** A file is there as a whole or not at all. */
async function place(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const part = `${target}.part`;
  try {
    await copyFile(source, part);
    await rename(part, target);
  } catch (cause) {
    await rm(part, { force: true });
    throw cause;
  }
}

/** Reads a file below a folder once. @param name relative to the folder */
export async function fileDigest(directory: string, name: string): Promise<ArtifactFile> {
  const hash = createHash('sha256');
  let size = 0;
  const stream = createReadStream(join(directory, name), { highWaterMark: 1 << 20 });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { name, size, digest: hash.digest('hex') };
}
