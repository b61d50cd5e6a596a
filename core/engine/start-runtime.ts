import { loadRuntime, type Runtime } from './load-runtime.ts';
import { type CpuShare, sessionOptions } from './session-options.ts';

/** A graph of one `Identity`, as ONNX bytes. */
const LEAST_MODEL = 'CAg6LwoQCgF4EgF5IghJZGVudGl0eRIBZ1oLCgF4EgYKBAgBEgBiCwoBeRIGCgQIARIAQgQKABAN';

let started: Promise<Runtime> | undefined;

/**
 * Loads onnxruntime and has it set up its environment, which it does with the first session of a process: 15 ms of the
 * 16 ms that a small model seems to take (measured with 1.30). Whoever calls this before it waits for a network gets that
 * for nothing.
 *
 * @returns what `loadRuntime` gives, once and for all; a failure is told to whoever awaits it, and to nobody else
 */
export function startRuntime(share: CpuShare): Promise<Runtime> {
  if (started) return started;
  const starting = start(share);
  started = starting;
  // What failed may be mended by the next who asks, and need not be awaited by anybody.
  starting.catch(() => {
    started = undefined;
  });
  return starting;
}

async function start(share: CpuShare): Promise<Runtime> {
  const runtime = await loadRuntime();
  const least = Buffer.from(LEAST_MODEL, 'base64');
  const session = await runtime.InferenceSession.create(least, sessionOptions(share));
  await session.release();
  return runtime;
}
