import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { stringify } from 'fast-check';
import { onnxTarget } from './fuzz/onnx-target.ts';
import { protocolTarget } from './fuzz/protocol-target.ts';
import { recordsTarget } from './fuzz/records-target.ts';
import { serverTarget } from './fuzz/server-target.ts';
import type { FuzzCheck, FuzzTarget } from './fuzz/target.ts';

export const FUZZ_TARGETS: readonly FuzzTarget[] = [protocolTarget, serverTarget, recordsTarget, onnxTarget];

/** Cases between two lines of progress, and between two looks at the memory. */
const CHUNK = 500;

export interface FuzzFailure {
  readonly target: string;
  /** Runs the same cases again: `--seed`, `--target`. */
  readonly seed: number;
  readonly reason: string;
  /** The smallest case that was found to fail, as fast-check prints it. */
  readonly example: string;
}

export interface FuzzReport {
  readonly cases: number;
  readonly seed: number;
  readonly seconds: number;
  /** Resident memory before and at its highest, in bytes. */
  readonly startBytes: number;
  readonly peakBytes: number;
  readonly failures: readonly FuzzFailure[];
  /** What is worth a word and breaks no law of ours. */
  readonly findings: readonly string[];
}

export interface FuzzOptions {
  /** Of all targets together, as their shares say. */
  readonly cases: number;
  readonly seed: number;
  /** @default - all */
  readonly targets?: readonly FuzzTarget[];
  readonly onProgress?: (line: string) => void;
}

/** Throws odd input at every entry; each target goes on after a failure, with other cases. */
export async function fuzz({
  cases,
  seed,
  targets = FUZZ_TARGETS,
  onProgress = () => {},
}: FuzzOptions): Promise<FuzzReport> {
  const started = performance.now();
  const startBytes = process.memoryUsage().rss;
  const shares = targets.reduce((sum, { share }) => sum + share, 0);
  const failures: FuzzFailure[] = [];
  const findings: string[] = [];
  let [done, peakBytes] = [0, startBytes];
  for (const target of targets) {
    const running = await target.start();
    const wanted = Math.ceil((cases * target.share) / shares);
    try {
      for (let ran = 0, chunk = 0; ran < wanted; chunk += 1) {
        const numRuns = Math.min(CHUNK, wanted - ran);
        const check = running.checks[chunk % running.checks.length] as FuzzCheck;
        const failure = await failureOf(check, target.name, seed + chunk, numRuns);
        if (failure) failures.push(failure);
        ran += numRuns;
        done += numRuns;
        peakBytes = Math.max(peakBytes, process.memoryUsage().rss);
        onProgress(
          `${done} of ${cases}: ${target.name}, ${failures.length} failures, ${(peakBytes / 1e6).toFixed(0)} MB`,
        );
      }
      findings.push(...(running.findings?.() ?? []));
    } finally {
      await running.close();
    }
  }
  const seconds = (performance.now() - started) / 1000;
  return { cases: done, seed, seconds, startBytes, peakBytes, failures, findings };
}

async function failureOf(
  check: FuzzCheck,
  target: string,
  seed: number,
  numRuns: number,
): Promise<FuzzFailure | undefined> {
  const { failed, errorInstance, counterexample } = await check({
    seed,
    numRuns,
  });
  if (!failed) return undefined;
  const reason = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return { target, seed, reason, example: stringify(counterexample) };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '100000' },
      seed: { type: 'string' },
      target: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
    },
  });
  const names = values.target;
  const targets = names ? FUZZ_TARGETS.filter(({ name }) => names.includes(name)) : FUZZ_TARGETS;
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
  const report = await fuzz({
    cases: Number(values.cases),
    seed,
    targets,
    onProgress: (line) => process.stderr.write(process.stderr.isTTY ? `\r${line}\x1b[K` : `${line}\n`),
  });
  process.stdout.write(`${values.json ? JSON.stringify(report) : inWords(report)}\n`);
  process.exitCode = report.failures.length > 0 ? 1 : 0;
}

function inWords({ cases, seed, seconds, startBytes, peakBytes, failures, findings }: FuzzReport): string {
  return [
    '',
    ...failures.map(
      ({ target, seed: own, reason, example }) => `${target} (seed ${own}): ${reason}\n  ${example}`,
    ),
    ...findings,
    `${cases} cases with seed ${seed} in ${seconds.toFixed(0)} s, ${failures.length} failures, ${(startBytes / 1e6).toFixed(0)} -> at most ${(peakBytes / 1e6).toFixed(0)} MB`,
  ].join('\n');
}
