import { spawnSync } from 'node:child_process';
import { LeftOutError } from './benchmark.ts';

/**
 * A command that keeps a process on one core, as a function of one vCPU has it.
 *
 * @throws LeftOutError where there is none
 */
export function oneCore(): readonly string[] {
  const command = ['taskset', '-c', '0'] as const;
  const { status } = spawnSync(command[0], [...command.slice(1), 'true'], { stdio: 'ignore' });
  if (status === 0) return command;
  throw new LeftOutError('processes cannot be kept on one core: taskset is of Linux (util-linux)');
}
