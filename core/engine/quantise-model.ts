import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidInputError } from '../errors.ts';
import type { Difference } from '../onnx/compare-outputs.ts';
import { optimisationFault } from '../onnx/optimise-interface.ts';
import { type QuantiseOptions, type QuantiseResult, quantiseGraph } from '../onnx/quantise-graph.ts';
import { writeOnnx } from '../onnx/write-onnx.ts';
import type { ArtifactFile } from '../registry/model-version.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type ModelOnDisk, readModelOnDisk, takeWeightsIn } from './describe-model-file.ts';
import { type Gain, measureGain } from './measure-model.ts';
import { refuseReplacing, writeModelFile } from './model-folder.ts';
import { withModel } from './open-model.ts';
import { compareSamples, runAgain, runSamples, type Sample } from './run-samples.ts';
import { withWorkplace } from './workplace.ts';

export interface QuantiseInput extends QuantiseOptions {
  /** The ONNX file; weights may stand beside it. */
  readonly path: string;
  /** The file to write; its folder is made when it is missing. */
  readonly output: string;
  /** Inputs to compare with. @default - invented ones */
  readonly inputs?: readonly ReadonlyMap<string, Tensor>[];
  /** Least cosine of an output with the original's, and least share of equal labels. @default 0.99 */
  readonly minSimilarity?: number;
  /** Largest distance of a number from the original's. @default - no limit */
  readonly maxDifference?: number;
  /** Times that each model is opened in a fresh process; 0 measures nothing. @default 5 */
  readonly repetitions?: number;
}

export interface QuantiseReport extends QuantiseResult {
  readonly file: ArtifactFile;
  /** Bytes of the original, with the weights beside it. */
  readonly originalSize: number;
  readonly difference: Omit<Difference, 'agrees' | 'reason'>;
  /** Inputs that the models were compared on. */
  readonly samples: number;
  /** Absent when nothing was to be measured. */
  readonly gain?: Gain;
}

export type QuantiseProgress = { readonly step: 'quantise' | 'compare' | 'measure' | 'write' };

const MIN_SIMILARITY = 0.99;

/** Differences are what quantising is about: they are measured here and judged together. */
const ANY = { absolute: Number.POSITIVE_INFINITY, relative: 0 } as const;

const ONE_THREAD = { threads: 1 } as const;

/**
 * Makes a model smaller and mostly faster, at the price of small differences: weights become 8-bit integers, inputs of
 * products are quantised as they come. The result is compared with the original, and not written when it is too far off.
 *
 * @throws InvalidInputError what `readModelOnDisk` and `quantiseGraph` refuse; `MODEL_LOAD_FAILED`, `OUTPUT_IS_INPUT`,
 * `OUTPUT_NOT_WRITABLE`; `NO_SAMPLES` when the model refuses every invented input, `INFERENCE_FAILED` a given one;
 * `QUANTISED_TOO_FAR`
 * @throws StrataError `RUNTIME_MISSING`, `UNSUPPORTED_HOST`
 */
export async function quantiseModel(
  input: QuantiseInput,
  onProgress: (progress: QuantiseProgress) => void = () => {},
): Promise<QuantiseReport> {
  const original = await readModelOnDisk(input.path);
  await refuseReplacing(original, [input.output]);
  return await withWorkplace('strata-quantise-', async (workplace) => {
    onProgress({ step: 'quantise' });
    const samples = await reference(original, input);
    const path = join(workplace, 'quantised.onnx');
    const changed = await readModelOnDisk(input.path);
    await takeWeightsIn(changed);
    const result = quantiseGraph(changed.model, input);
    await writeFile(path, writeOnnx(changed.model));
    onProgress({ step: 'compare' });
    const quantised = await readModelOnDisk(path);
    const difference = await compareWith(samples, original, quantised);
    refuseTooFar(difference, input);
    const { maxAbsolute, minCosine, equalShare } = difference;
    const gain = await gainOf(original.path, path, samples, input, onProgress);
    onProgress({ step: 'write' });
    const file = await writeModelFile(path, input.output);
    return {
      ...result,
      file,
      originalSize: original.size,
      difference: { maxAbsolute, minCosine, equalShare },
      samples: samples.length,
      ...(gain && { gain }),
    };
  });
}

async function reference({ path, model }: ModelOnDisk, { inputs }: QuantiseInput): Promise<Sample[]> {
  const samples = await withModel(path, ONE_THREAD, (open) => runSamples(open, model, inputs));
  if (samples.length > 0) return samples;
  throw new InvalidInputError(
    'NO_SAMPLES',
    'The model refuses every invented input, so that the quantised one cannot be compared with it. Give an input that it takes.',
  );
}

async function compareWith(
  samples: readonly Sample[],
  original: ModelOnDisk,
  { path, description }: ModelOnDisk,
): Promise<Difference> {
  const fault = optimisationFault(original.description, description);
  if (fault !== undefined) throw new TypeError(fault);
  return compareSamples(samples, await withModel(path, ONE_THREAD, (open) => runAgain(open, samples)), ANY);
}

function refuseTooFar(
  { minCosine, maxAbsolute, equalShare }: Difference,
  { minSimilarity = MIN_SIMILARITY, maxDifference }: QuantiseInput,
): void {
  const faults = [
    ...(minCosine < minSimilarity
      ? [`the cosine of an output with the original's is ${minCosine.toFixed(4)}, less than ${minSimilarity}`]
      : []),
    ...(equalShare < minSimilarity
      ? [`${(100 * equalShare).toFixed(1)} % of the labels are the same, less than ${100 * minSimilarity} %`]
      : []),
    ...(maxAbsolute === Number.POSITIVE_INFINITY
      ? ['a number is infinite or undefined in one of the two']
      : maxAbsolute > (maxDifference ?? Number.POSITIVE_INFINITY)
        ? [`a number differs by ${maxAbsolute.toPrecision(3)}, more than ${maxDifference}`]
        : []),
  ];
  if (faults.length === 0) return;
  throw new InvalidInputError(
    'QUANTISED_TOO_FAR',
    `The quantised model is too far from the original: ${faults.join('; ')}. Compare on real inputs, keep the most sensitive weights as they are, or allow for more.`,
  );
}

async function gainOf(
  original: string,
  changed: string,
  samples: readonly Sample[],
  { repetitions = 5 }: QuantiseInput,
  onProgress: (progress: QuantiseProgress) => void,
): Promise<Gain | undefined> {
  const last = samples.at(-1);
  if (!last || repetitions === 0) return undefined;
  onProgress({ step: 'measure' });
  return await measureGain(original, changed, { inputs: last.inputs, repetitions });
}
