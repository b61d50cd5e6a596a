import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holderOf, tryLock, withLock } from '../../../local/directory-lock.ts';
import { identify, isRunning } from '../../../local/process-identity.ts';
import { cleanUpAbandonedRuns, createRunDirectory } from '../../../local/run-directory.ts';

const ENDED = { pid: process.pid, startedAt: 'another time' };

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'strata-runs-'));
});
afterEach(() => rm(root, { recursive: true }));

/** A process that leads a group, with a child of its own. */
async function startGroup(): Promise<number> {
  const leader = spawn('sh', ['-c', 'sleep 60 & wait'], { detached: true, stdio: 'ignore' });
  await once(leader, 'spawn');
  return leader.pid as number;
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition() && waited < 5_000; waited += 20) await sleep(20);
  expect(condition()).toBe(true);
}

describe('a process', () => {
  it('is known by id and start, so that a later one with its id is not mistaken for it', () => {
    const self = identify(process.pid);
    expect(self).toBeDefined();
    expect(isRunning(self ?? ENDED)).toBe(true);
    expect(isRunning(ENDED)).toBe(false);
  });

  it('is not running any more when it has ended', async () => {
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    const identity = identify(child.pid as number);
    expect(identity).toBeDefined();
    child.kill();
    await once(child, 'exit');
    expect(isRunning(identity ?? ENDED)).toBe(false);
  });
});

describe('a run that was killed', () => {
  it('leaves no emulator, no worker and no files once the next one starts', async () => {
    const abandoned = join(root, 'start-killed');
    await mkdir(abandoned);
    const emulator = await startGroup();
    const identity = identify(emulator) ?? ENDED;
    await writeFile(join(abandoned, 'owner.json'), JSON.stringify(ENDED));
    await writeFile(join(abandoned, 'emulator.json'), JSON.stringify(identity));
    expect(await cleanUpAbandonedRuns(root)).toBe(1);
    await until(() => !isRunning(identity));
    expect(existsSync(abandoned)).toBe(false);
  });

  it('is not blamed for a process that only has the id of its emulator', async () => {
    const stranger = await startGroup();
    const abandoned = join(root, 'start-killed');
    await mkdir(abandoned);
    await writeFile(join(abandoned, 'owner.json'), JSON.stringify(ENDED));
    await writeFile(
      join(abandoned, 'emulator.json'),
      JSON.stringify({ pid: stranger, startedAt: 'earlier' }),
    );
    await cleanUpAbandonedRuns(root);
    expect(identify(stranger)).toBeDefined();
    process.kill(-stranger, 'SIGKILL');
  });
});

describe('a run that goes on', () => {
  it('is left alone', async () => {
    const run = await createRunDirectory('start', root);
    expect(await cleanUpAbandonedRuns(root)).toBe(0);
    expect(existsSync(run.path)).toBe(true);
    await run.remove();
    expect(existsSync(run.path)).toBe(false);
  });
});

describe('a lock', () => {
  it('lets one at a time through', async () => {
    const path = join(root, 'lock');
    let inside = 0;
    let most = 0;
    const work = () =>
      withLock(path, undefined, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await sleep(10);
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 8 }, work));
    expect(most).toBe(1);
  });

  it('of a process that has ended counts for nothing', async () => {
    const path = join(root, 'lock');
    await mkdir(path);
    await writeFile(join(path, 'holder.json'), JSON.stringify(ENDED));
    expect(await withLock(path, undefined, async () => 'done')).toBe('done');
  });

  it.each(Array.from({ length: 10 }, (_, round) => round))(
    'of a process that has ended goes to one of those who come next (%i)',
    async () => {
      const path = join(root, 'lock');
      await mkdir(path);
      await writeFile(join(path, 'holder.json'), JSON.stringify(ENDED));
      const locks = await Promise.all(Array.from({ length: 8 }, () => tryLock(path)));
      expect(locks.filter(Boolean)).toHaveLength(1);
      await locks.find(Boolean)?.giveBack();
      expect(await readdir(root)).toEqual([]);
    },
  );

  it('says who has it, and whether it is worth waiting', async () => {
    const path = join(root, 'lock');
    expect(await holderOf(path)).toBeUndefined();
    const lock = await tryLock(path);
    expect(await holderOf(path)).toEqual({ ...identify(process.pid), isEnding: false });
    expect(await tryLock(path)).toBeUndefined();
    await lock?.noteEnding();
    expect(await holderOf(path)).toMatchObject({ pid: process.pid, isEnding: true });
    await lock?.giveBack();
    expect(await holderOf(path)).toBeUndefined();
  });

  it('is given back when the work fails', async () => {
    const path = join(root, 'lock');
    await expect(withLock(path, undefined, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(path)).toBe(false);
  });
});
