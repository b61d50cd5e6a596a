import { ancestorsUpToNpm, isRunning } from './process-identity.ts';

const LOOK_MS = 1_000;

/** The terminal is gone; nobody reads any more. */
const NOBODY_READS = new Set(['EIO', 'EPIPE']);

/**
 * Aborted when the run is to end: by Ctrl-C or a signal, because npm has gone, or because nobody reads what is printed.
 * A signal to npm alone ends npm and its shell, not what they have started. Writing to a terminal that was closed does
 * no harm from then on: what is left to do is to clean up.
 */
export function endOfRun(): AbortSignal {
  const controller = new AbortController();
  const end = () => controller.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      if (NOBODY_READS.has(code)) end();
    });
  }
  const launchers = ancestorsUpToNpm();
  setInterval(() => {
    if (!launchers.every(isRunning)) end();
  }, LOOK_MS).unref();
  return controller.signal;
}

/** Resolves when the signal is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
