import { loadRuntime } from '../../core/engine/load-runtime.ts';
import { toRuntime } from '../../core/engine/runtime-tensor.ts';
import { sessionOptions } from '../../core/engine/session-options.ts';
import { readEnvironment } from '../../lambdas/infer/environment.ts';
import { CONTEXT, demoHandler, demoPorts, demoVersion } from './demo.ts';
import { type Encoding, inferenceEvent, sampleInputs } from './requests.ts';

/** One request, answered by the function and, for comparison, by onnxruntime alone. */
export interface Subject {
  /** For example `json, 32 rows`. */
  readonly name: string;
  /** The whole function, from API Gateway's event to its answer. */
  readonly handler: () => Promise<unknown>;
  /** The same session with its inputs ready: what no server can do without. */
  readonly bare: () => Promise<unknown>;
}

const MODEL = 'penguins';

const CASES: readonly { readonly encoding: Encoding; readonly rows: number }[] = [
  { encoding: 'json', rows: 1 },
  { encoding: 'json', rows: 32 },
  { encoding: 'binary', rows: 1 },
  { encoding: 'binary', rows: 32 },
];

/**
 * @param file the demo model
 * @throws Error when the function does not answer one of the requests with 200: nothing else is worth measuring
 */
export async function inferenceSubjects(file: string): Promise<Subject[]> {
  const version = await demoVersion(file, MODEL);
  const handle = demoHandler(demoPorts(version, file));
  const runtime = await loadRuntime();
  const { memoryMegabytes } = readEnvironment(process.env);
  const session = await runtime.InferenceSession.create(file, sessionOptions({ memoryMegabytes }));
  const outputs = version.description.outputs.map(({ name }) => name);
  return Promise.all(
    CASES.map(async ({ encoding, rows }) => {
      const inputs = sampleInputs(rows);
      const event = inferenceEvent(MODEL, inputs, encoding);
      const feeds = Object.fromEntries(
        [...inputs].map(([name, tensor]) => [name, toRuntime(runtime, name, tensor)]),
      );
      const handler = () => handle(event, CONTEXT);
      const { statusCode, body } = await handler();
      if (statusCode !== 200)
        throw new Error(`infer answered ${statusCode} to ${encoding}, ${rows}: ${body}`);
      return {
        name: `${encoding}, ${rows === 1 ? '1 row' : `${rows} rows`}`,
        handler,
        bare: () => session.run(feeds, outputs),
      };
    }),
  );
}
