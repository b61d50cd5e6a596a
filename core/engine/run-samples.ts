import { StrataError } from '../errors.ts';
import { compareOutputs, type Difference, type Tolerance } from '../onnx/compare-outputs.ts';
import type { OnnxModel } from '../onnx/onnx-file.ts';
import { sampleInputs } from '../onnx/sample-inputs.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type OpenModel, runModel } from './open-model.ts';

/** Enough to see every kind of difference: a batch of one and of a few, small and large numbers. */
const SAMPLES = 4;

/** Inputs of a model and what it made of them. */
export interface Sample {
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
}

/**
 * Runs a model on the given inputs, or on invented ones. Of invented inputs those are left out that the model refuses.
 *
 * @param given inputs that the model takes
 * @returns at most four samples of invented inputs; none when the model refuses them all
 * @throws InvalidInputError `INFERENCE_FAILED` when the model refuses given inputs
 */
export async function runSamples(
  model: OpenModel,
  parsed: OnnxModel,
  given: readonly ReadonlyMap<string, Tensor>[] = [],
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const inputs of given) samples.push({ inputs, outputs: await runModel(model, inputs) });
  if (samples.length > 0) return samples;
  for (const inputs of sampleInputs(parsed)) {
    const outputs = await outputsOrNothing(model, inputs);
    if (outputs) samples.push({ inputs, outputs });
    if (samples.length === SAMPLES) break;
  }
  return samples;
}

/** What another model makes of the same inputs. @throws InvalidInputError `INFERENCE_FAILED` */
export async function runAgain(model: OpenModel, samples: readonly Sample[]): Promise<Sample[]> {
  const again: Sample[] = [];
  for (const { inputs } of samples) again.push({ inputs, outputs: await runModel(model, inputs) });
  return again;
}

/** @param actual of the same inputs, in the same order */
export function compareSamples(
  expected: readonly Sample[],
  actual: readonly Sample[],
  tolerance: Tolerance,
): Difference {
  const pairs = expected.map(({ outputs }, index) => [outputs, (actual[index] as Sample).outputs] as const);
  return compareOutputs(pairs, tolerance);
}

async function outputsOrNothing(
  model: OpenModel,
  inputs: ReadonlyMap<string, Tensor>,
): Promise<Map<string, Tensor> | undefined> {
  try {
    return await runModel(model, inputs);
  } catch (error) {
    if (error instanceof StrataError) return undefined;
    throw error;
  }
}
