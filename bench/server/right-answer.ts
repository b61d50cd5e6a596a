import { loadRuntime } from '../../core/engine/load-runtime.ts';
import { toRuntime } from '../../core/engine/runtime-tensor.ts';
import type { Answer } from './dialects.ts';
import type { ServedModel } from './served-models.ts';

/** Servers run other versions of onnxruntime, which round otherwise. */
const TOLERANCE = 1e-3;

/** What onnxruntime answers for one row of the model. */
export async function rightAnswer({ file, inputs }: ServedModel): Promise<Answer> {
  const runtime = await loadRuntime();
  const session = await runtime.InferenceSession.create(file);
  const feeds = Object.fromEntries(
    [...inputs(1)].map(([name, tensor]) => [name, toRuntime(runtime, name, tensor)]),
  );
  const outputs = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { data }]) => [name, Array.from<unknown>(data as Float32Array)]),
  );
}

/** Says what is wrong with an answer; undefined when it is right. */
export function wrongIn(answer: Answer, right: Answer): string | undefined {
  for (const [name, expected] of Object.entries(right)) {
    const [found, wanted] = [flat(answer[name]), flat(expected)];
    const isRight = found.length === wanted.length && wanted.every((value, i) => agree(value, found[i]));
    if (!isRight) return `${name} is ${JSON.stringify(answer[name])}, not ${JSON.stringify(expected)}`;
  }
  return undefined;
}

/** Of one row, it is the same thing how many axes it has. */
function flat(value: unknown): unknown[] {
  return [value].flat(Number.POSITIVE_INFINITY);
}

function agree(wanted: unknown, found: unknown): boolean {
  if (typeof wanted !== 'number' || typeof found !== 'number') return wanted === found;
  return Math.abs(wanted - found) <= TOLERANCE * Math.max(1, Math.abs(wanted));
}
