import type { Load, LoadClient, Seen } from './client/load-client.ts';
import { cpuSecondsOf } from './process-tree.ts';
import type { RunningServer } from './running-server.ts';

/** One server under one load. */
export interface Measured extends Seen {
  /** Of the processor, by the server and all its processes, for each answer, in microseconds. */
  readonly cpuMicroseconds: number;
}

/** How a server is asked. */
export interface Question extends Load {
  /** Asked before, unmeasured, until just-in-time compilers and batchers have settled. */
  readonly warmSeconds: number;
}

/**
 * Asks for a while unmeasured, and then measured.
 *
 * @param within the client's command, for example `taskset -c 0`
 * @throws Error when more than one request in a thousand failed: a server that refuses is fast
 */
export async function measure(
  { name, pid, target }: RunningServer,
  client: LoadClient,
  { warmSeconds, ...load }: Question,
  within: readonly string[],
): Promise<Measured> {
  // Never a rate: what is behind schedule before it begins has a latency of its own.
  await client.send(target, { connections: load.connections, seconds: warmSeconds }, within);
  const before = cpuSecondsOf(pid);
  const seen = await client.send(target, load, within);
  const cpuSeconds = cpuSecondsOf(pid) - before;
  const failed = Object.values(seen.failures).reduce((sum, count) => sum + count, 0);
  if (seen.answers === 0 || failed * 1000 > seen.answers) {
    throw new Error(`${name}: ${seen.answers} answers, and ${JSON.stringify(seen.failures)}`);
  }
  return { ...seen, cpuMicroseconds: (cpuSeconds / seen.answers) * 1e6 };
}
