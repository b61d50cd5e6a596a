import { ancestorsUpToNpm, isRunning } from './process-identity.ts';

const LOOK_MS = 1_000;

/**
 * Aborted when the run is to end: by Ctrl-C or a signal, or because npm has gone. A signal to npm alone ends npm and
 * its shell, not what they have started.
 */
export function endOfRun(): AbortSignal {
  const controller = new AbortController();
  const end = () => controller.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
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
