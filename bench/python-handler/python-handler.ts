import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { DEMO_FILE } from '../../local/demo-model.ts';
import { PROJECT } from '../../local/project.ts';
import { type Benchmark, type Effort, LeftOutError, type Measurement } from '../benchmark.ts';
import { bundle, FUNCTION_ENVIRONMENT } from '../child.ts';
import { demoVersion } from '../inference/demo.ts';
import { inferenceEvent, sampleInputs } from '../inference/requests.ts';
import { oneCore } from '../one-core.ts';
import { measurement, rotated } from '../repetitions.ts';
import { INSTALL, installedPython } from './environment.ts';
import type { FirstRequest } from './first-request.ts';

/** A process that answers one request, and ends. */
interface Way {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

interface Times {
  /** From the import of the handler to its answer. */
  readonly handler: number;
  /** From the start of the process. */
  readonly process: number;
}

/** A cold start of `infer`, against the same work by a function in Python. */
export const pythonHandler: Benchmark = {
  name: 'python-handler',
  title: 'The first request to infer and to a function in Python, in fresh processes on one core',
  async run({ quick }: Effort): Promise<Measurement[]> {
    const python = installedPython();
    if (python === undefined) throw new LeftOutError(`onnxruntime for Python is not installed: ${INSTALL}`);
    const folder = await mkdtemp(join(tmpdir(), 'strata-bench-'));
    try {
      const event = join(folder, 'event.json');
      await writeFile(event, JSON.stringify(inferenceEvent('penguins', sampleInputs(1), 'json')));
      return await measurePairs(await pairsOf(python, folder, event), folder, quick ? 1 : 15);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

/** Of each pair, ours and what it is measured against. */
async function pairsOf(python: string, folder: string, event: string): Promise<(readonly [Way, Way])[]> {
  const version = join(folder, 'version.json');
  await writeFile(version, JSON.stringify(await demoVersion(DEMO_FILE, 'penguins')));
  const probe = await bundle('python-handler/first-request.ts');
  const probeInPython = join(PROJECT, 'bench', 'python-handler', 'first_request.py');
  const own = { ...FUNCTION_ENVIRONMENT, ...CREDENTIALS, MODEL_PATH: DEMO_FILE, VERSION_PATH: version };
  const pythons = { ...CREDENTIALS, AWS_DEFAULT_REGION: 'us-east-1', MODEL_PATH: DEMO_FILE };
  const infer = async (name: string, entry: string): Promise<Way> => ({
    name,
    command: [process.execPath, probe, await bundle(`python-handler/${entry}`), event],
    environment: own,
  });
  const inPython = (name: string, module: string): Way => ({
    name,
    command: [python, probeInPython, module, event],
    environment: pythons,
  });
  return [
    [await infer('infer, without clients of AWS', 'infer.ts'), inPython('Python, without boto3', 'handler')],
    [await infer('infer', 'infer-with-aws.ts'), inPython('Python with boto3', 'handler_with_aws')],
  ];
}

/** Nobody is asked with them. */
const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'unused',
  AWS_SECRET_ACCESS_KEY: 'unused',
  AWS_SESSION_TOKEN: 'unused',
};

async function measurePairs(
  pairs: readonly (readonly [Way, Way])[],
  folder: string,
  repetitions: number,
): Promise<Measurement[]> {
  const ways = pairs.flat();
  const times = new Map<Way, Times[]>(ways.map((way) => [way, []]));
  // The files are in the page cache from then on, and Python has written what it compiled.
  for (const way of ways) await firstRequest(way, folder);
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const way of rotated(ways, repetition)) times.get(way)?.push(await firstRequest(way, folder));
  }
  const timesOf = (way: Way) => times.get(way) ?? [];
  return [
    ...ways.flatMap((way) => [
      measurement(
        `${way.name}: import of the handler to its answer`,
        'ms',
        valuesOf(timesOf(way), 'handler'),
      ),
      measurement(`${way.name}: start of the process to the answer`, 'ms', valuesOf(timesOf(way), 'process')),
    ]),
    ...pairs.flatMap(([own, other]) => {
      const name = `${own.name} over ${other.name}`;
      return [
        measurement(`${name}, from the import`, 'times', ratios(timesOf(own), timesOf(other), 'handler')),
        measurement(`${name}, from the start`, 'times', ratios(timesOf(own), timesOf(other), 'process')),
      ];
    }),
  ];
}

function valuesOf(times: readonly Times[], part: keyof Times): number[] {
  return times.map((time) => time[part]);
}

function ratios(above: readonly Times[], below: readonly Times[], part: keyof Times): number[] {
  return above.map((time, repetition) => time[part] / (below[repetition]?.[part] ?? Number.NaN));
}

/** With an empty disk, as a new execution environment has one. */
async function firstRequest({ name, command, environment }: Way, folder: string): Promise<Times> {
  const disk = await mkdtemp(join(folder, 'disk-'));
  const [file = '', ...args] = [...oneCore(), ...command];
  const started = performance.now();
  const run = execa(file, args, {
    env: { ...environment, TMPDIR: disk, HOME: disk },
    extendEnv: false,
    stdin: 'ignore',
  });
  for await (const line of run) {
    // A function prints its log and its metrics before.
    if (!line.startsWith('{"milliseconds"')) continue;
    const passed = performance.now() - started;
    const { milliseconds, answer } = JSON.parse(line) as FirstRequest;
    await run;
    if (answer.statusCode !== 200 || !answer.body.includes('Adelie'))
      throw new Error(`${name} answered ${answer.statusCode}: ${answer.body}`);
    return { handler: milliseconds, process: passed };
  }
  throw new Error(`${name} ended without an answer`);
}
