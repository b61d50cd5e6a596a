import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';
import { CACHE } from './project.ts';

const RUNS = join(CACHE, 'runs');
const OWNER = 'owner.json';
const EMULATOR = 'emulator.json';

/** Everything that one run writes, apart from logs; gone when the run ends. */
export interface RunDirectory {
  readonly path: string;
  /** Notes the emulator, so that it is found when this process is killed. */
  noteEmulator(pid: number): Promise<void>;
  remove(): Promise<void>;
}

/** @param name kind of run, for people who look into the folder */
export async function createRunDirectory(name: string, root = RUNS): Promise<RunDirectory> {
  await mkdir(root, { recursive: true });
  const path = await mkdtemp(join(root, `${name}-`));
  await writeFile(join(path, OWNER), JSON.stringify(identify(process.pid)));
  return {
    path,
    noteEmulator: (pid) => writeFile(join(path, EMULATOR), JSON.stringify(identify(pid))),
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Ends what runs that were killed have left behind. @returns how many there were */
export async function cleanUpAbandonedRuns(root = RUNS): Promise<number> {
  const names = await readdir(root).catch(() => []);
  let cleaned = 0;
  for (const name of names) {
    const path = join(root, name);
    const owner = await readIdentity(join(path, OWNER));
    if (owner && isRunning(owner)) continue;
    const emulator = await readIdentity(join(path, EMULATOR));
    if (emulator && isRunning(emulator)) killGroup(emulator.pid);
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
    cleaned += 1;
  }
  return cleaned;
}

/** Ends a process that leads its own group, and all that it has started. */
export function killGroup(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended already.
  }
}

async function readIdentity(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
