import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { tooLarge } from './model-fit.ts';

export interface RoomNeeded {
  readonly directory: string;
  /** Bytes that are about to be written. */
  readonly bytes: number;
  /** Digests of the files that must stay. */
  readonly keep: Pick<ReadonlySet<string>, 'has' | 'size'>;
  readonly freeBytes?: ((directory: string) => Promise<number>) | undefined;
}

/**
 * Deletes the oldest model files until there is room for one more. An open session does not need its file any longer.
 * @throws StrataError `MODEL_TOO_LARGE_FOR_ENDPOINT` when all others are gone and the room does not suffice. While others
 *   are being opened the write is tried, and may fail: the next one finds their room.
 */
export async function makeRoom({
  directory,
  bytes,
  keep,
  freeBytes = freeOnDisk,
}: RoomNeeded): Promise<void> {
  if ((await freeBytes(directory)) >= bytes) return;
  for (const path of await oldestFirst(directory, keep)) {
    await rm(path, { recursive: true, force: true });
    if ((await freeBytes(directory)) >= bytes) return;
  }
  if (keep.size > 1) return;
  const free = await freeBytes(directory);
  throw tooLarge(
    `The model has ${bytes} bytes, and the disk for models has room for ${free}. Give the service a larger disk, or make the model smaller.`,
  );
}

async function oldestFirst(directory: string, keep: RoomNeeded['keep']): Promise<string[]> {
  const names = (await readdir(directory)).filter(
    (name) => /^[0-9a-f]{64}\..*(onnx|folder|part)$/.test(name) && !keep.has(name.slice(0, 64)),
  );
  const files = await Promise.all(
    names.map(async (name) => ({
      path: join(directory, name),
      changed: (await stat(join(directory, name)).catch(() => undefined))?.mtimeMs ?? 0,
    })),
  );
  return files.sort((a, b) => a.changed - b.changed).map(({ path }) => path);
}

async function freeOnDisk(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
