import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Load, LoadClient, Seen, Target } from './load-client.ts';

/**
 * oha, since it is the one that does both on one core: 64 connections faster than any server here answers, and rates
 * with latency from when a request was due (`--latency-correction`), to the millisecond steps of its timer. wrk knows no
 * rates; autocannon is busier than the servers are, and counts whole milliseconds; vegeta counts from when a request was
 * sent.
 */
export function oha(program: string, version: string): LoadClient {
  return {
    name: `oha ${version}`,
    async send(target, load, within = []) {
      const directory = await mkdtemp(join(tmpdir(), 'strata-oha-'));
      try {
        const urlFile = join(directory, 'urls');
        await writeFile(urlFile, `${target.urls.join('\n')}\n`);
        const [command = program, ...args] = [...within, program, ...argumentsOf(target, load, urlFile)];
        const { stdout } = await execa(command, args, { env: {}, extendEnv: false });
        return seen(stdout);
      } finally {
        await rm(directory, { recursive: true });
      }
    },
  };
}

function argumentsOf({ bodyFile }: Target, { connections, seconds, rate }: Load, urlFile: string): string[] {
  return [
    '--no-tui',
    '--output-format=json',
    `-z${seconds}s`,
    `-c${connections}`,
    ...(rate === undefined ? [] : [`-q${rate}`, '--latency-correction']),
    '--method=POST',
    '-Tapplication/json',
    `-D${bodyFile}`,
    '--urls-from-file',
    urlFile,
  ];
}

/** Its JSON, as far as it is read. Times are in seconds. */
interface Document {
  readonly summary: { readonly total: number };
  readonly latencyPercentiles: { readonly p50: number | null; readonly p99: number | null };
  readonly statusCodeDistribution: Readonly<Record<string, number>>;
  readonly errorDistribution: Readonly<Record<string, number>>;
}

/** Requests under way when the time is over: no failures. */
const UNFINISHED = 'aborted due to deadline';

/** Reads what oha prints. */
export function seen(output: string): Seen {
  const { summary, latencyPercentiles, statusCodeDistribution, errorDistribution } = JSON.parse(
    output,
  ) as Document;
  const { 200: answers = 0, ...refusals } = statusCodeDistribution;
  const { [UNFINISHED]: _, ...errors } = errorDistribution;
  return {
    answers,
    perSecond: answers / summary.total,
    p50Ms: (latencyPercentiles.p50 ?? Number.NaN) * 1000,
    p99Ms: (latencyPercentiles.p99 ?? Number.NaN) * 1000,
    failures: { ...refusals, ...errors },
  };
}
