import { globSync, readFileSync } from 'node:fs';

/** Ticks of the kernel's clock in a second, as /proc counts them: the same on every Linux of today (USER_HZ). */
const TICKS = 100;

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Spent by all of its threads, those that ended included. */
  readonly cpuSeconds: number;
}

/** A process and all that it started, the process itself first. Empty when it is gone. */
export function processTree(root: number): Process[] {
  const all = globSync('/proc/[0-9]*/stat').flatMap(processOf);
  const tree = all.filter(({ pid }) => pid === root);
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  return tree;
}

/** Of the processor, by a process and all that it started. */
export function cpuSecondsOf(root: number): number {
  return processTree(root).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

/** Memory of a process and all that it started; what several share counts once. */
export function megabytesOf(root: number): number {
  const kilobytes = processTree(root).map(({ pid }) => {
    const [, pss] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
    return Number(pss ?? 0);
  });
  return kilobytes.reduce((sum, each) => sum + each, 0) / 1024;
}

function processOf(file: string): Process[] {
  const stat = readOrGone(file);
  if (stat === undefined) return [];
  // The name of the program is in brackets and may hold anything. Source: proc_pid_stat(5); the state is field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [parent = 0, user = 0, system = 0] = [fields[1], fields[11], fields[12]].map(Number);
  return [{ pid: Number.parseInt(stat, 10), parent, cpuSeconds: (user + system) / TICKS }];
}

/** Processes end while they are looked at. */
function readOrGone(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
