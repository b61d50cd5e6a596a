import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';

export interface RoomNeeded {
  readonly directory: string;
  /** Bytes that are about to be written. */
  readonly bytes: number;
  /** Digests of the files that must stay. */
  readonly keep: ReadonlySet<string>;
  readonly freeBytes?: ((directory: string) => Promise<number>) | undefined;
}

/**
 * Deletes the oldest model files until there is room for one more. An open session does not need its file any longer.
 * When all that may go is gone and the room does not suffice, the write fails and says so.
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
}

async function oldestFirst(directory: string, keep: ReadonlySet<string>): Promise<string[]> {
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
