import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CACHE } from '../local/project.ts';
import { build } from '../scripts/build.ts';
import { type Benchmark, type Effort, LeftOutError } from './benchmark.ts';
import { coldModels } from './cold-models/cold-models.ts';
import { coldStart } from './cold-start/cold-start.ts';
import { deploy } from './deploy.ts';
import { growth } from './growth/growth.ts';
import { inference } from './inference/inference.ts';
import { profile } from './profile/profile.ts';
import { pythonHandler } from './python-handler/python-handler.ts';
import { quota } from './quota/quota.ts';
import { records } from './records/records.ts';
import { type Outcome, type Report, reportText, thisMachine } from './report.ts';
import { server } from './server/server.ts';
import { synth } from './synth.ts';

const BENCHMARKS: readonly Benchmark[] = [
  inference,
  records,
  profile,
  coldStart,
  coldModels,
  quota,
  growth,
  pythonHandler,
  server,
  synth,
  deploy,
];

const USAGE = `npm run bench -- [--only <name>]... [--rows <name>]... [--quick] [--json]

  --only <name>  one of ${BENCHMARKS.map(({ name }) => name).join(', ')}; may be repeated
  --rows <name>  parts of a benchmark that takes long, of server: ${(server.rows ?? []).join(', ')}; may be repeated
  --quick        as little as shows that everything runs; the figures mean nothing
  --json         prints the report as JSON instead of as tables`;

function chosen(names: readonly string[]): readonly Benchmark[] {
  const unknown = names.find((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
  if (unknown !== undefined) throw new TypeError(`There is no benchmark "${unknown}".`);
  return names.length === 0 ? BENCHMARKS : BENCHMARKS.filter(({ name }) => names.includes(name));
}

function checkRows(rows: readonly string[], benchmarks: readonly Benchmark[]): void {
  const known = benchmarks.flatMap((benchmark) => benchmark.rows ?? []);
  const unknown = rows.find((row) => !known.includes(row));
  if (unknown === undefined) return;
  throw new TypeError(
    `There are no rows "${unknown}"${known.length === 0 ? '' : `, but ${known.join(', ')}`}.`,
  );
}

function options() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      rows: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const benchmarks = chosen(values.only);
  checkRows(values.rows, benchmarks);
  return { ...values, benchmarks };
}

async function outcomeOf(
  { name, title, ...benchmark }: Benchmark,
  asked: Omit<Effort, 'note'>,
): Promise<Outcome> {
  const notes: string[] = [];
  const note = (text: string) => {
    notes.push(text);
  };
  try {
    return { name, title, measurements: await benchmark.run({ ...asked, note }), notes };
  } catch (error) {
    if (!(error instanceof LeftOutError)) throw error;
    return { name, title, leftOut: error.message };
  }
}

async function run(benchmarks: readonly Benchmark[], asked: Omit<Effort, 'note'>): Promise<Report> {
  process.stderr.write('build ...\n');
  await build();
  const started = { date: new Date().toISOString(), quick: asked.quick, machine: thisMachine() };
  const outcomes: Outcome[] = [];
  for (const benchmark of benchmarks) {
    process.stderr.write(`${benchmark.name} ...\n`);
    outcomes.push(await outcomeOf(benchmark, asked));
  }
  return { ...started, outcomes };
}

async function main(): Promise<void> {
  const { benchmarks, rows, quick, json, help } = options();
  if (help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const report = await run(benchmarks, { quick, rows });
  const document = JSON.stringify(report, undefined, 2);
  await mkdir(CACHE, { recursive: true });
  await writeFile(join(CACHE, 'bench.json'), `${document}\n`);
  process.stdout.write(`${json ? document : reportText(report)}\n`);
}

try {
  await main();
} catch (error) {
  // What was asked for wrongly is told in a line; whatever broke while measuring with all that is known of it.
  process.stderr.write(error instanceof TypeError ? `${error.message}\n\n${USAGE}\n` : '');
  if (!(error instanceof TypeError)) console.error(error);
  process.exitCode = 1;
}
