import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { InvalidInputError } from '../errors.ts';
import type { Artifact } from './model-version.ts';

/** A protobuf message, hence an ONNX file, ends below 2 GiB. Source: Protocol Buffers documentation, size limit. */
const MAX_MODEL_BYTES = 2 ** 31 - 1;

export interface ModelFile {
  readonly artifact: Artifact;
  readonly bytes: Uint8Array;
}

/**
 * Reads a model file once: the digest is of the very bytes that are returned.
 * @throws InvalidInputError `FILE_NOT_FOUND`, `FILE_NOT_READABLE`, `MODEL_TOO_LARGE`, `FILE_CHANGED`
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  await using file = await open(path).catch((error: unknown) => {
    throw notReadable(path, error);
  });
  const stats = await file.stat();
  if (!stats.isFile()) {
    throw new InvalidInputError('FILE_NOT_READABLE', `${path} is not a file; give the path of an ONNX file.`);
  }
  if (stats.size > MAX_MODEL_BYTES) {
    throw new InvalidInputError(
      'MODEL_TOO_LARGE',
      `${path} has ${stats.size} bytes; an ONNX file has less than 2 GiB.`,
    );
  }
  const bytes = new Uint8Array(stats.size);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of file.createReadStream({ highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    if (size + chunk.length > bytes.length) {
      throw fileChanged(path);
    }
    hash.update(chunk);
    bytes.set(chunk, size);
    size += chunk.length;
  }
  if (size !== bytes.length) {
    throw fileChanged(path);
  }
  return { artifact: { digest: hash.digest('hex'), size }, bytes };
}

/** The file is not, or no longer, the one whose digest is known. */
export function fileChanged(path: string): InvalidInputError {
  return new InvalidInputError(
    'FILE_CHANGED',
    `${basename(path)} changed while it was read; wait until it is written, then register it again.`,
  );
}

function notReadable(path: string, cause: unknown): InvalidInputError {
  const code = (cause as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR'
    ? new InvalidInputError('FILE_NOT_FOUND', `There is no file ${path}.`, { cause })
    : new InvalidInputError('FILE_NOT_READABLE', `${path} cannot be read (${code}).`, { cause });
}
