import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Calls `work` with a temporary folder of its own, which is gone afterwards: also when the process is told to end
 * meanwhile. onnxruntime computes on this thread, so that the end waits until it comes back.
 *
 * @param prefix of the folder's name
 */
export async function withWorkplace<T>(prefix: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const release = () => {
    process.off('exit', remove);
    for (const signal of ENDING) process.off(signal, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    remove();
    release();
    // As it would have ended without us: unless somebody else listens, the signal ends the process.
    process.kill(process.pid, signal);
  };
  process.once('exit', remove);
  for (const signal of ENDING) process.once(signal, onSignal);
  try {
    return await work(folder);
  } finally {
    remove();
    release();
  }
}
