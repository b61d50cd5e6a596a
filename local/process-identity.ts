import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process that is not mistaken for a later one with the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, as the system tells it; comparable on one machine between two reboots only. */
  readonly startedAt: string;
}

interface ProcessFacts {
  readonly startedAt: string;
  readonly parent: number;
  readonly command: string;
}

/** How far the script that npm runs is from npm: a shell and a loader lie between. */
const MOST_ANCESTORS = 5;

/** Identity of a running process; undefined when there is none with that id. */
export function identify(pid: number): ProcessIdentity | undefined {
  const facts = factsOf(pid);
  return facts && { pid, startedAt: facts.startedAt };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return factsOf(identity.pid)?.startedAt === identity.startedAt;
}

/** This process's ancestors up to npm; none when npm did not start it. */
export function ancestorsUpToNpm(): ProcessIdentity[] {
  const ancestors: ProcessIdentity[] = [];
  let pid = process.ppid;
  while (ancestors.length < MOST_ANCESTORS) {
    const facts = factsOf(pid);
    if (!facts) return [];
    ancestors.push({ pid, startedAt: facts.startedAt });
    if (/\bnpm\b/.test(facts.command)) return ancestors;
    pid = facts.parent;
  }
  return [];
}

function factsOf(pid: number): ProcessFacts | undefined {
  try {
    return process.platform === 'linux' ? factsOnLinux(pid) : factsByPs(pid);
  } catch {
    return undefined;
  }
}

/** Fields of /proc/<pid>/stat: 3 state, 4 parent, 22 start in clock ticks since boot. Source: proc_pid_stat(5). */
function factsOnLinux(pid: number): ProcessFacts | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in parentheses and may hold spaces and parentheses itself.
  const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended; only its parent has not looked yet.
  if (state === 'Z') return undefined;
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  return { startedAt: rest[17] ?? '', parent: Number(parent), command };
}

function factsByPs(pid: number): ProcessFacts | undefined {
  const ask = (column: string) =>
    execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
  const startedAt = ask('lstart');
  return startedAt ? { startedAt, parent: Number(ask('ppid')), command: ask('command') } : undefined;
}
