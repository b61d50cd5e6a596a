import { loadRuntime } from '../../core/engine/load-runtime.ts';
import { toRuntime } from '../../core/engine/runtime-tensor.ts';
import { sessionOptions } from '../../core/engine/session-options.ts';
import { readEnvironment } from '../../lambdas/infer/environment.ts';
import { CONTEXT, demoHandler, demoPorts, demoVersion } from './demo.ts';
import { type BenchModel, benchModels } from './models.ts';
import { type Encoding, inferenceEvent } from './requests.ts';

/** One request, answered by the function and, for comparison, by onnxruntime alone. */
export interface Subject {
  /** For example `penguins, json, 32 rows`. */
  readonly name: string;
  /** The whole function, from API Gateway's event to its answer. */
  readonly handler: () => Promise<unknown>;
  /** The same session with its inputs ready: what no server can do without. */
  readonly bare: () => Promise<unknown>;
}

interface Case {
  readonly encoding: Encoding;
  readonly rows: number;
}

const CASES: Readonly<Record<string, readonly Case[]>> = {
  penguins: [
    { encoding: 'json', rows: 1 },
    { encoding: 'json', rows: 32 },
    { encoding: 'binary', rows: 1 },
    { encoding: 'binary', rows: 32 },
  ],
  'ten-features': [
    { encoding: 'json', rows: 1 },
    { encoding: 'binary', rows: 1 },
  ],
  'wide-layers': [{ encoding: 'binary', rows: 64 }],
};

/**
 * @param demoFile the demo model
 * @throws Error when the function does not answer one of the requests with 200: nothing else is worth measuring
 */
export async function inferenceSubjects(demoFile: string): Promise<Subject[]> {
  const models = await benchModels(demoFile);
  return (await Promise.all(models.map(subjectsOf))).flat();
}

async function subjectsOf({ name, file, inputs: inputsOf }: BenchModel): Promise<Subject[]> {
  const version = await demoVersion(file, name);
  const handle = demoHandler(demoPorts(version, file));
  const runtime = await loadRuntime();
  const { memoryMegabytes } = readEnvironment(process.env);
  const session = await runtime.InferenceSession.create(file, sessionOptions({ memoryMegabytes }));
  const outputs = version.description.outputs.map(({ name: output }) => output);
  return Promise.all(
    (CASES[name] ?? []).map(async ({ encoding, rows }) => {
      const inputs = inputsOf(rows);
      const event = inferenceEvent(name, inputs, encoding);
      const feeds = Object.fromEntries(
        [...inputs].map(([input, tensor]) => [input, toRuntime(runtime, input, tensor)]),
      );
      const subject = `${name}, ${encoding}, ${rows === 1 ? '1 row' : `${rows} rows`}`;
      const handler = () => handle(event, CONTEXT);
      const { statusCode, body } = await handler();
      if (statusCode !== 200) throw new Error(`infer answered ${statusCode} to ${subject}: ${body}`);
      return { name: subject, handler, bare: () => session.run(feeds, outputs) };
    }),
  );
}
