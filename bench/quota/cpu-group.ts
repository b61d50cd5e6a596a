import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LeftOutError } from '../benchmark.ts';

/** Processes that share a part of one core. */
export interface CpuGroup {
  /** A command that puts itself into the group and becomes what follows. */
  readonly within: readonly string[];
  /** Once its processes have ended. */
  remove(): Promise<void>;
}

/** Microseconds over which a group may use its share: as Lambda's, of which the period was measured from inside. */
const PERIOD = 20_000;

/**
 * Makes a control group of Linux.
 *
 * @param share of one core
 * @throws LeftOutError where this process may not
 */
export async function cpuGroup(share: number): Promise<CpuGroup> {
  const { root, version } = cpuHierarchy(await readFile('/proc/mounts', 'utf8').catch(() => ''));
  const group = join(root, `strata-bench-${process.pid}`);
  const quota = Math.round(share * PERIOD);
  try {
    await mkdir(group);
  } catch (cause) {
    throw leftOut(cause);
  }
  try {
    if (version === 2) {
      await writeFile(join(group, 'cpu.max'), `${quota} ${PERIOD}`);
    } else {
      await writeFile(join(group, 'cpu.cfs_period_us'), String(PERIOD));
      await writeFile(join(group, 'cpu.cfs_quota_us'), String(quota));
    }
  } catch (cause) {
    await rmdir(group);
    throw leftOut(cause);
  }
  return {
    within: ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(group, 'cgroup.procs')],
    remove: () => rmdir(group),
  };
}

/**
 * Where groups with a share of the processor are made.
 *
 * @param mounts lines of /proc/mounts: device, folder, type, options
 * @throws LeftOutError when nothing is mounted
 */
export function cpuHierarchy(mounts: string): { readonly root: string; readonly version: 1 | 2 } {
  const entries = mounts.split('\n').map((line) => line.split(' '));
  // A machine may have both, and then the processor belongs to the older one.
  const older = entries.find(
    ([, , type, options]) => type === 'cgroup' && options?.split(',').includes('cpu'),
  );
  const found = older ?? entries.find(([, , type]) => type === 'cgroup2');
  if (found?.[1] === undefined)
    throw new LeftOutError('this machine has no control groups (cgroup) for the processor');
  return { root: found[1], version: older ? 1 : 2 };
}

function leftOut(cause: unknown): LeftOutError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LeftOutError(`a control group with a share of the processor cannot be made here: ${reason}`);
}
