import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';

const POLL_MS = 200;

/**
 * Does the work while no other process of this machine does. Waits for one that is at it; the lock of a process that
 * has ended counts for nothing.
 */
export async function withLock<T>(
  path: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  while (!(await take(path))) {
    if (await isAbandoned(path)) await rm(path, { recursive: true, force: true });
    else await sleep(POLL_MS, undefined, { signal });
  }
  try {
    return await work();
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await writeFile(join(path, 'holder.json'), JSON.stringify(identify(process.pid)));
  return true;
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    return !isRunning(JSON.parse(await readFile(join(path, 'holder.json'), 'utf8')) as ProcessIdentity);
  } catch {
    // The holder is about to write its name, or has just gone: look again.
    await sleep(POLL_MS);
    return readFile(join(path, 'holder.json')).then(
      () => false,
      () => true,
    );
  }
}
