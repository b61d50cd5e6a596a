import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { cpuSecondsOf, megabytesOf, processTree } from '../../../../bench/server/process-tree.ts';

/** A shell that starts another process, and tells its id. @param first what the shell does before */
async function family(first = ''): Promise<{ parent: number; child: number; end: () => Promise<unknown> }> {
  const shell = spawn('/bin/sh', ['-c', `${first}sleep 60 & echo $!; wait`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await once(shell.stdout, 'data')) as [Buffer];
  const child = Number(line.toString());
  const end = () => {
    process.kill(child);
    return once(shell, 'exit');
  };
  return { parent: shell.pid ?? 0, child, end };
}

describe.skipIf(process.platform !== 'linux')('a tree of processes', () => {
  it('is the process and all that it started', async () => {
    const { parent, child, end } = await family();
    try {
      expect(processTree(parent).map(({ pid }) => pid)).toEqual([parent, child]);
    } finally {
      await end();
    }
  });

  it('is empty when the process is gone', async () => {
    const { parent, end } = await family();
    await end();
    expect(processTree(parent)).toEqual([]);
    expect(cpuSecondsOf(parent)).toBe(0);
  });

  it('counts the processor time of its processes', () => {
    const before = cpuSecondsOf(process.pid);
    // Of this process itself: until the kernel has counted two ticks of it.
    const { user } = process.cpuUsage();
    while (process.cpuUsage().user - user < 50_000);
    expect(cpuSecondsOf(process.pid) - before).toBeGreaterThanOrEqual(0.02);
  });

  it('has the memory of all of them', async () => {
    const { parent, child, end } = await family();
    try {
      const alone = megabytesOf(child);
      expect(alone).toBeGreaterThan(0);
      expect(megabytesOf(parent)).toBeGreaterThan(alone);
    } finally {
      await end();
    }
  });

  it('knows programs whose names hold brackets and blanks', async () => {
    const { parent, child, end } = await family('printf ") 1 2 (" > /proc/$$/comm; ');
    try {
      expect(processTree(parent).map(({ pid }) => pid)).toEqual([parent, child]);
    } finally {
      await end();
    }
  });
});
