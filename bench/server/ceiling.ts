import { readFileSync } from 'node:fs';
import { loadRuntime } from '../../core/engine/load-runtime.ts';
import { sessionOptions } from '../../core/engine/session-options.ts';

/** Rows per second of `session.run` alone on this core: what no server can pass. */
const [file = '', rows = '1', seconds = '1'] = process.argv.slice(2);

const { InferenceSession, Tensor } = await loadRuntime();
const session = await InferenceSession.create(readFileSync(file), sessionOptions({ threads: 1 }));
const [input] = session.inputMetadata;
const columns = input?.isTensor ? Number(input.shape[1]) : 0;
const data = Float32Array.from({ length: Number(rows) * columns }, (_, i) => Math.sin(i));
const feeds = { [input?.name ?? '']: new Tensor('float32', data, [Number(rows), columns]) };

async function rowsPerSecond(milliseconds: number): Promise<number> {
  const started = performance.now();
  let runs = 0;
  for (; performance.now() - started < milliseconds; runs++) await session.run(feeds);
  return (1000 * runs * Number(rows)) / (performance.now() - started);
}

await rowsPerSecond(Number(seconds) * 250);
process.send?.(await rowsPerSecond(Number(seconds) * 1000));
