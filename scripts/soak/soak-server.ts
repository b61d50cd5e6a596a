import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { sample } from 'fast-check';
import { toBytes } from '../../core/tensor/to-bytes.ts';
import { assertEchoed, assertLawful } from '../../test/support/fuzz/laws.ts';
import { mutatedRequest } from '../../test/support/fuzz/mutations.ts';
import { FUZZ_MODELS, requestOf, validRequest } from '../../test/support/fuzz/valid-requests.ts';
import { modelPath } from '../../test/support/models/model-file.ts';
import { asBytes, ask, hangUp } from '../fuzz/http-client.ts';
import { SoakRecord, type SoakReport } from './soak-report.ts';

const CLI = resolve(import.meta.dirname, '..', '..', 'cli', 'strata.ts');

/** Between two requests of one client, in milliseconds: a server that has time to breathe shows leaks as well. */
const PAUSE_MS = 2;
/** Between two replacements of a file: `scripts/hot-swaps.ts` is about these alone. */
const SWAP_MS = 10_000;
const SAMPLE_MS = 500;

/** Requests that are sent over and over: small ones in every form, a large one, and odd ones. */
const SEED = 7;
const VALID = sample(validRequest, { seed: SEED, numRuns: 200 });
const ODD = sample(mutatedRequest, { seed: SEED, numRuns: 400 });
const LARGE = largeRequest(200_000);

/** `strata serve` as a process of its own, under everything at once. */
export async function soakServer(
  milliseconds: number,
  onProgress: (line: string) => void = () => {},
  swapEveryMs = SWAP_MS,
): Promise<SoakReport> {
  const folder = await mkdtemp(join(tmpdir(), 'soak-'));
  for (const model of FUZZ_MODELS) await copyFile(modelPath(model), join(folder, `${model}.onnx`));
  const swap = async (model: string) => {
    await copyFile(modelPath(model), join(folder, 'swapped.coming'));
    await rename(join(folder, 'swapped.coming'), join(folder, 'swapped.onnx'));
  };
  await swap('double');
  const served = execa(process.execPath, ['--import', 'tsx', CLI, 'serve', folder, '--port', '0', '--json'], {
    stderr: 'ignore',
    buffer: false,
    reject: false,
  });
  const record = new SoakRecord();
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  try {
    const endpoint = await endpointOf(served);
    const clients = clientsOf(endpoint, agent, record);
    const until = performance.now() + milliseconds;
    const repeat = async (name: string, pauseMs: number, work: (turn: number) => Promise<void>) => {
      for (let turn = 0; performance.now() < until; turn += 1) {
        await work(turn).then(
          () => record.done(name),
          (error: unknown) => record.failed(name, error instanceof Error ? error.message : String(error)),
        );
        await sleep(pauseMs);
      }
    };
    await Promise.all([
      ...Object.entries(clients).map(([name, work]) => repeat(name, PAUSE_MS, work)),
      repeat('files replaced', swapEveryMs, (turn) => swap(turn % 2 === 0 ? 'identity_fp32' : 'double')),
      repeat('samples', SAMPLE_MS, async (turn) => {
        const resident = await residentBytes(endpoint);
        record.sample(resident);
        if (turn % 60 === 0)
          onProgress(
            `${Object.values(record.counts).reduce((a, b) => a + b, 0)} done, ${(resident / 1e6).toFixed(0)} MB, ${record.failures.length} failures`,
          );
      }),
    ]);
    if (served.exitCode !== null) record.failed('the server', `ended with ${served.exitCode}`);
    return record.report('strata serve');
  } finally {
    agent.destroy();
    served.kill('SIGTERM');
    await served;
    await rm(folder, { recursive: true, force: true });
  }
}

function clientsOf(endpoint: string, agent: Agent, record: SoakRecord) {
  const port = Number(new URL(endpoint).port);
  const valid = async (turn: number) => {
    const request = VALID[turn % VALID.length] as (typeof VALID)[number];
    const reply = await ask(endpoint, agent, request.request);
    if (reply) assertEchoed(request, reply);
  };
  return {
    'valid requests': valid,
    'valid requests of another client': (turn: number) => valid(turn + 100),
    'odd requests': async (turn: number) => {
      const odd = ODD[turn % ODD.length] as (typeof ODD)[number];
      const reply = await ask(endpoint, agent, odd);
      if (reply && !/^\/(?:ping|metrics)\b/.test(odd.path)) assertLawful(odd.method, reply);
    },
    'large requests': async () => {
      const reply = await ask(endpoint, agent, LARGE.request);
      if (reply) assertEchoed(LARGE, reply);
      await sleep(50);
    },
    'requests to a model that is replaced': async () => {
      const body = Buffer.from('{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[1,3]}]}');
      const path = '/v2/models/swapped/infer';
      const reply = await ask(endpoint, agent, { method: 'POST', path, headers: {}, body });
      const text = Buffer.from(reply?.body ?? []).toString();
      if (!/"data":\[(?:1,3|2,6)\]/.test(text)) throw new Error(text.slice(0, 300));
    },
    'clients that hang up': async (turn: number) => {
      const { request } = VALID[turn % VALID.length] as (typeof VALID)[number];
      const bytes = asBytes(turn % 3 === 0 ? LARGE.request : request);
      await hangUp(port, bytes.subarray(0, turn % 2 === 0 ? bytes.length : Math.floor(bytes.length / 2)));
      record.done('connections broken off');
      await sleep(20);
    },
  };
}

function largeRequest(elements: number) {
  const data = Float32Array.from({ length: elements }, (_, index) => index);
  const tensor = { datatype: 'FP32', shape: [1, elements], data } as const;
  const binary = Buffer.from(toBytes(tensor));
  const json = `{"inputs":[{"name":"x","datatype":"FP32","shape":[1,${elements}],"parameters":{"binary_data_size":${binary.length}}}],"parameters":{"binary_data_output":true}}`;
  return { json, binary, tensor, request: requestOf('/v2/models/identity_fp32/infer', json, binary) };
}

async function endpointOf(served: { readonly stdout: AsyncIterable<unknown> | null }): Promise<string> {
  let text = '';
  for await (const chunk of served.stdout ?? []) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return (JSON.parse(text) as { endpoint: string }).endpoint;
}

/** What the process says of itself, to Prometheus. */
async function residentBytes(endpoint: string): Promise<number> {
  const text = await (await fetch(`${endpoint}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1] ?? Number.NaN);
}
