import type { Gain } from '../core/engine/measure-model.ts';
import type { Difference } from '../core/onnx/compare-outputs.ts';
import { readInferenceRequest } from '../core/protocol/inference-request.ts';
import { readInputs } from '../core/protocol/input-tensors.ts';
import { parseDocument } from '../core/protocol/json-document.ts';
import type { Tensor, TensorSpec } from '../core/tensor/tensor.ts';
import { readInput, requestOf } from './prediction-input.ts';
import { byteSize, table } from './table.ts';
import type { Terminal } from './terminal.ts';

/**
 * Inputs on the command line as tensors for the model.
 * @throws InvalidInputError what `readInput`, `requestOf` and the protocol refuse
 */
export async function givenInputs(
  inputs: readonly string[],
  specs: readonly TensorSpec[],
  terminal: Terminal,
): Promise<Map<string, Tensor>[]> {
  const given: Map<string, Tensor>[] = [];
  for (const input of inputs) {
    const request = await requestOf(await readInput(input, terminal), () => specs);
    const { value, exact } = parseDocument(Buffer.from(request));
    const { inputs: requested } = readInferenceRequest(value);
    const source = { inputs: requested, binary: new Uint8Array(0), exact };
    given.push(readInputs(source, specs, Number.MAX_SAFE_INTEGER).tensors);
  }
  return given;
}

/** For an option that may be given more than once. */
export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** Sizes, and what a fresh process measured, side by side. */
export function gainTable(
  name: string,
  sizes: { readonly original: number; readonly changed: number },
  gain: Gain | undefined,
): string {
  const milliseconds = (value: number) => `${value.toFixed(value < 10 ? 2 : 1)} ms`;
  const rows = [
    ['size', byteSize(sizes.original), byteSize(sizes.changed)],
    ...(gain
      ? [
          ['open', milliseconds(gain.original.openMs), milliseconds(gain.changed.openMs)],
          ['first run', milliseconds(gain.original.firstRunMs), milliseconds(gain.changed.firstRunMs)],
          ['run (p50)', milliseconds(gain.original.p50Ms), milliseconds(gain.changed.p50Ms)],
          ['peak memory', byteSize(gain.original.peakBytes), byteSize(gain.changed.peakBytes)],
        ]
      : []),
  ];
  const shapes = Object.entries(gain?.shapes ?? {}).map(([input, shape]) => `${input} [${shape.join(', ')}]`);
  const about = gain && [`medians of fresh processes with one thread, on ${shapes.join(', ') || 'no input'}`];
  return [table(['', 'original', name], rows), ...(about ?? [])].join('\n');
}

/** How far a model is from the original, in words. */
export function inWords({
  maxAbsolute,
  minCosine,
  equalShare,
}: Pick<Difference, 'maxAbsolute' | 'minCosine' | 'equalShare'>): string {
  if (maxAbsolute === 0 && equalShare === 1) return 'the same results';
  const labels = equalShare === 1 ? '' : `, ${(100 * equalShare).toFixed(1)} % of the labels equal`;
  return `results differ by at most ${maxAbsolute.toPrecision(2)} (cosine ${minCosine.toFixed(6)}${labels})`;
}
