import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { execa } from 'execa';
import { serve } from '../server/serve.ts';

const MODEL = resolve(import.meta.dirname, '..', 'examples', 'penguins', 'model.onnx');
const REQUEST = resolve(import.meta.dirname, '..', 'examples', 'penguins', 'request.json');

/** One: every swap is seen by the same worker. */
const WORKERS = 1;

const SMALL_HEAP = '--max-semi-space-size=8';

/** Garbage is no leak. */
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Requests to each second version: more than a version gets on a worker before the thread that answers opens it too. */
const MANY_REQUESTS = 40;

/** Until a file that was replaced must be served, in milliseconds. */
const PATIENCE_MS = 10_000;

/** What replacing a served file again and again did to the memory of the process. */
export interface HotSwapReport {
  readonly swaps: number;
  /** Median of the resident memory in bytes during the first tenth of the swaps, the second, and the last. */
  readonly startBytes: number;
  readonly settledBytes: number;
  readonly endBytes: number;
  /** Requests that were not answered with the file that was there. */
  readonly failures: number;
}

/** Serves a file, replaces it `swaps` times, and asks for predictions of each: of every second one for many. */
export async function hotSwaps(
  swaps: number,
  onProgress: (line: string) => void = () => {},
): Promise<HotSwapReport> {
  const folder = await mkdtemp(join(tmpdir(), 'hot-swaps-'));
  const model = await readFile(MODEL);
  const put = async (index: number): Promise<string> => {
    const bytes = variant(model, index);
    await writeFile(join(folder, 'm.coming'), bytes);
    await rename(join(folder, 'm.coming'), join(folder, 'm.onnx'));
    return createHash('sha256').update(bytes).digest('hex');
  };
  await put(0);
  const serving = await serve({
    models: folder,
    host: '127.0.0.1',
    port: 0,
    access: {},
    workers: WORKERS,
    reloadMs: 5,
  });
  try {
    let failures = 0;
    const resident: number[] = [];
    for (let swap = 1; swap <= swaps; swap++) {
      if (!(await answersWith(serving.endpoint, await put(swap), swap % 2 === 0 ? MANY_REQUESTS : 1)))
        failures += 1;
      resident.push(residentBytes());
      if (swap % 100 === 0) onProgress(`${swap} swaps: ${megabytes(residentBytes())} MB`);
    }
    const during = (tenth: number) =>
      median(resident.slice(Math.floor((swaps * tenth) / 10), Math.ceil((swaps * (tenth + 1)) / 10)));
    return { swaps, startBytes: during(0), settledBytes: during(1), endBytes: during(9), failures };
  } finally {
    await serving.close(0);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Another file for the same model: protobuf reads what is appended as one more field, here the documentation. */
function variant(model: Uint8Array, index: number): Uint8Array {
  const text = Buffer.from(`variant ${String(index).padStart(8, '0')}`);
  // Field 6 (doc_string) of ModelProto, length-delimited. Source: onnx.proto.
  return Buffer.concat([model, Uint8Array.of((6 << 3) | 2, text.length), text]);
}

/** Waits until the file of the digest is served, then asks it for predictions, one after the other. */
async function answersWith(endpoint: string, digest: string, requests: number): Promise<boolean> {
  const url = `${endpoint}/v2/models/m`;
  for (const started = performance.now(); performance.now() - started < PATIENCE_MS; await sleep(5)) {
    const { properties } = (await (await fetch(url)).json()) as { properties: { sha256: string } };
    if (properties.sha256 !== digest) continue;
    const body = await readFile(REQUEST);
    for (let sent = 0; sent < requests; sent++) {
      const answer = await fetch(`${url}/infer`, { method: 'POST', body });
      await answer.arrayBuffer();
      if (!answer.ok) return false;
    }
    return true;
  }
  return false;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function residentBytes(): number {
  collectGarbage();
  return process.memoryUsage().rss;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  // A young generation that grows as it likes is a fifth of the memory, and no leak.
  if (!process.execArgv.includes(SMALL_HEAP)) {
    const args = [...process.execArgv, SMALL_HEAP, ...process.argv.slice(1)];
    const { exitCode } = await execa(process.execPath, args, { stdio: 'inherit', reject: false });
    process.exit(exitCode ?? 1);
  }
  const { values } = parseArgs({ options: { swaps: { type: 'string', default: '1000' } } });
  const { swaps, startBytes, settledBytes, endBytes, failures } = await hotSwaps(
    Number(values.swaps),
    (line) => process.stdout.write(`${line}\n`),
  );
  const growth = endBytes / settledBytes - 1;
  process.stdout.write(
    `${swaps} swaps, ${failures} failures: ${megabytes(startBytes)} MB in the first tenth, ${megabytes(settledBytes)} -> ${megabytes(endBytes)} MB (${(growth * 100).toFixed(1)} %)\n`,
  );
  process.exitCode = failures > 0 || growth > 0.1 ? 1 : 0;
}
