import { readFile } from 'node:fs/promises';
import { deserialize } from 'node:v8';
import { peakBytes } from '../../core/engine/peak-memory.ts';
import type { Tensor, TensorData } from '../../core/tensor/tensor.ts';

/** One way to open a model and run it once. */
export type Answer = (
  path: string,
  inputs: ReadonlyMap<string, Tensor>,
) => Promise<(TensorData | Float32Array)[]>;

export interface FirstAnswer {
  /** From the load of the module that answers to its first answer. */
  readonly milliseconds: number;
  /** Of the whole process, Node and onnxruntime included. */
  readonly peakBytes: number;
  readonly outputs: readonly TensorData[];
}

/** Times one way in a process that does nothing else. */
const [module = '', path = '', inputs = ''] = process.argv.slice(2);
const given: ReadonlyMap<string, Tensor> = deserialize(await readFile(inputs));
const started = performance.now();
const { answer } = (await import(module)) as { answer: Answer };
const outputs = await answer(path, given);
const milliseconds = performance.now() - started;
process.send?.({ milliseconds, peakBytes: await peakBytes(), outputs } satisfies FirstAnswer);
