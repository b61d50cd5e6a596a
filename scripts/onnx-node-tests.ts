import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Call } from '../conformance/check.ts';
import { httpCall } from '../conformance/http-call.ts';
import { StrataError } from '../core/errors.ts';
import { readArtifact } from '../core/registry/read-artifact.ts';
import { describeFailure } from '../local/failure.ts';
import { serve } from '../server/serve.ts';
import { differenceOf } from './onnx-tests/compare.ts';
import { runDirectly, type Verdict } from './onnx-tests/direct-run.ts';
import { type NodeTest, readNodeTests } from './onnx-tests/node-test.ts';
import { runServed } from './onnx-tests/served-run.ts';
import { nodeTestData } from './onnx-tests/test-data.ts';

/** Models that one server has open at once. */
const BATCH = 200;

/** What became of one test. */
export interface NodeTestResult {
  readonly name: string;
  /** Why the protocol cannot say its tensors; absent when it can. */
  readonly unsayable?: string;
  readonly direct?: Verdict;
  readonly served?: Verdict;
  /** Code of the error with which Strata refuses to serve the model at all, on purpose; absent when it serves it. */
  readonly refusedAs?: string;
  /** What the server answers otherwise than onnxruntime alone; absent when the answers are the same, bit by bit. */
  readonly gap?: string;
}

/**
 * Runs the standard's tests of single operators twice: with onnxruntime alone, and through the server with tensors as bytes.
 */
export async function runNodeTests(
  tests: readonly NodeTest[],
  onProgress: (done: number) => void = () => {},
): Promise<NodeTestResult[]> {
  const results: NodeTestResult[] = [];
  for (let start = 0; start < tests.length; start += BATCH) {
    const batch = tests.slice(start, start + BATCH);
    const direct = new Map<string, Verdict>();
    for (const test of batch)
      if (test.unsayable === undefined) direct.set(test.name, await runDirectly(test));
    // What onnxruntime does not open or run cannot be served either.
    const able = batch.filter(({ name }) => (direct.get(name)?.result ?? 'refused') !== 'refused');
    const refusals = await refusalsOf(able);
    const servable = able.filter(({ name }) => !refusals.has(name));
    const served = await withServer(servable, (call) => runAll(call, servable));
    for (const test of batch) {
      const refusedAs = refusals.get(test.name);
      results.push(resultOf(test, direct.get(test.name), served.get(test.name), refusedAs));
    }
    onProgress(results.length);
  }
  return results;
}

/** Models that Strata does not take, by the name of their test: with a reason that stands in the code's documentation. */
async function refusalsOf(tests: readonly NodeTest[]): Promise<Map<string, string>> {
  const refusals = new Map<string, string>();
  for (const { name, modelPath } of tests) {
    await readArtifact(modelPath).catch((error: unknown) => {
      if (!(error instanceof StrataError)) throw error;
      refusals.set(name, error.code);
    });
  }
  return refusals;
}

async function withServer<T>(tests: readonly NodeTest[], work: (call: Call) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'onnx-node-tests-'));
  try {
    for (const { name, modelPath } of tests) await copyFile(modelPath, join(folder, `${name}.onnx`));
    const serving = await serve({
      models: folder,
      host: '127.0.0.1',
      port: 0,
      access: {},
      workers: 1,
      reloadMs: 0,
    });
    try {
      return await work(httpCall(serving.endpoint));
    } finally {
      await serving.close(0);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runAll(call: Call, tests: readonly NodeTest[]): Promise<Map<string, Verdict>> {
  const verdicts = new Map<string, Verdict>();
  for (const test of tests) verdicts.set(test.name, await runServed(call, test));
  return verdicts;
}

function resultOf(
  test: NodeTest,
  direct: Verdict | undefined,
  served: Verdict | undefined,
  refusedAs: string | undefined,
): NodeTestResult {
  const gap = refusedAs === undefined ? gapOf(direct, served) : undefined;
  return {
    name: test.name,
    ...(test.unsayable !== undefined && { unsayable: test.unsayable }),
    ...(direct && { direct }),
    ...(served && { served }),
    ...(refusedAs !== undefined && { refusedAs }),
    ...(gap !== undefined && { gap }),
  };
}

function gapOf(direct: Verdict | undefined, served: Verdict | undefined): string | undefined {
  if (!direct || direct.result === 'refused') return undefined;
  if (!served) return 'not served';
  if (direct.result !== served.result) return 'reason' in served ? served.reason : `it ${served.result}`;
  if (direct.result !== 'passes' || served.result !== 'passes') return undefined;
  const differences = direct.outputs.map((outputs, set) =>
    differenceOf(outputs, served.outputs[set] ?? [], { relative: 0, absolute: 0 }),
  );
  return differences.find((each) => each !== undefined);
}

/** Counts, and each test that needs a word. */
export function nodeTestReport(results: readonly NodeTestResult[]): string {
  const unsayable = Map.groupBy(
    results.filter((each) => each.unsayable !== undefined),
    (each) => each.unsayable,
  );
  const count = (verdict: Verdict['result'], way: 'direct' | 'served') =>
    results.filter((each) => each[way]?.result === verdict).length;
  const refused = results.filter(({ refusedAs }) => refusedAs !== undefined);
  const gaps = results.filter(({ gap }) => gap !== undefined);
  const lines = [
    `${results.length} tests`,
    `onnxruntime alone:  ${count('passes', 'direct')} pass, ${count('differs', 'direct')} differ, ${count('refused', 'direct')} refused`,
    `through the server: ${count('passes', 'served')} pass, ${count('differs', 'served')} differ, ${count('refused', 'served')} refused`,
    `with types that the protocol cannot say: ${[...unsayable.values()].reduce((sum, { length }) => sum + length, 0)}`,
    ...[...unsayable].map(([type, { length }]) => `  ${type}: ${length}`),
    ...(refused.length > 0 ? [`models that are not served: ${refused.length}`] : []),
    ...refused.map(({ name, refusedAs }) => `  ${name}: ${refusedAs}`),
    ...(gaps.length > 0 ? [`otherwise through the server than alone: ${gaps.length}`] : []),
    ...gaps.map(({ name, gap }) => `  ${name}: ${gap}`),
  ];
  return `${lines.join('\n')}\n`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: { folder: { type: 'string' }, only: { type: 'string' }, json: { type: 'boolean' } },
  });
  try {
    const data = values.folder === undefined ? await nodeTestData() : { folder: values.folder };
    if ('missing' in data) {
      process.stdout.write(`onnx tests: left out. ${data.missing}\n`);
    } else {
      const tests = readNodeTests(data.folder).filter(({ name }) => name.includes(values.only ?? ''));
      const results = await runNodeTests(tests, (done) =>
        process.stderr.write(`${done} of ${tests.length}\n`),
      );
      process.stdout.write(
        values.json ? `${JSON.stringify(results.map(withoutTensors))}\n` : nodeTestReport(results),
      );
      process.exitCode = results.some(({ gap }) => gap !== undefined) ? 1 : 0;
    }
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`);
    process.exitCode = 1;
  }
}

function withoutTensors({ direct, served, ...result }: NodeTestResult): object {
  const told = (verdict: Verdict | undefined) =>
    verdict && (verdict.result === 'passes' ? { result: 'passes' } : verdict);
  return { ...result, direct: told(direct), served: told(served) };
}
