import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';

const POLL_MS = 100;
const LONGEST_TURN_MS = 10_000;
const HOLDER = 'holder.json';
const ENDING = 'ending';

/** What this process alone holds on this machine. */
export interface Lock {
  /** Tells others that it is worth waiting. */
  noteEnding(): Promise<void>;
  giveBack(): Promise<void>;
}

/** Who holds a lock. */
export interface Holder extends ProcessIdentity {
  /** It is about to give the lock back. */
  readonly isEnding: boolean;
}

/**
 * Does the work while no other process of this machine does. Waits for one that is at it; the lock of a process that
 * has ended counts for nothing.
 */
export async function withLock<T>(
  path: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  for (;;) {
    const lock = await tryLock(path);
    if (lock) {
      try {
        return await work();
      } finally {
        await lock.giveBack();
      }
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** Takes a lock; undefined when another process has it. */
export async function tryLock(path: string): Promise<Lock | undefined> {
  if (await holderOf(path)) return undefined;
  const mine = aside(path);
  await mkdir(mine, { recursive: true });
  await writeFile(join(mine, HOLDER), JSON.stringify(identify(process.pid)));
  if (!(await move(mine, path)) && !((await removeAbandoned(path)) && (await move(mine, path)))) {
    await rm(mine, { recursive: true });
    return undefined;
  }
  return {
    noteEnding: () => writeFile(join(path, ENDING), ''),
    giveBack: async () => {
      const old = aside(path);
      if (await move(path, old)) await rm(old, { recursive: true, force: true });
    },
  };
}

/** The process that holds a lock and is running. */
export async function holderOf(path: string): Promise<Holder | undefined> {
  const identity = await readHolder(path);
  if (!identity || !isRunning(identity)) return undefined;
  const isEnding = await readFile(join(path, ENDING)).then(
    () => true,
    () => false,
  );
  return { ...identity, isEnding };
}

/** A lock appears and goes as a whole: a folder that is moved. A folder with content is never moved onto another. */
async function move(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['EEXIST', 'ENOTEMPTY', 'ENOENT'].includes(code)) return false;
    throw error;
  }
}

/**
 * Removes the lock of a process that has ended. One at a time: of two, the slower would remove what the faster had taken
 * in the meantime.
 * @returns whether the place is free now
 */
async function removeAbandoned(path: string): Promise<boolean> {
  const turn = `${path}.turn`;
  if (!(await takeTurn(turn))) return false;
  try {
    if (await holderOf(path)) return false;
    const old = aside(path);
    if (await move(path, old)) await rm(old, { recursive: true, force: true });
    return true;
  } finally {
    await rm(turn, { recursive: true, force: true });
  }
}

async function takeTurn(turn: string): Promise<boolean> {
  try {
    await mkdir(turn);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // It takes milliseconds; who takes longer was killed meanwhile.
    const since = await stat(turn).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (since > LONGEST_TURN_MS) await rm(turn, { recursive: true, force: true });
    return false;
  }
}

async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(join(path, HOLDER), 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

function aside(path: string): string {
  return join(dirname(path), `.lock-${randomUUID()}`);
}
