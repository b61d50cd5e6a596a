import * as z from 'zod/mini';
import { type OpenModel, runModel } from '../engine/open-model.ts';
import { InvalidInputError } from '../errors.ts';
import { compareOutputs, type Tolerance } from '../onnx/compare-outputs.ts';
import type { ModelDescription } from '../onnx/model-description.ts';
import type { ManifestGolden } from '../registry/manifest.ts';
import { elementCount } from '../tensor/elements.ts';
import { fromJson } from '../tensor/from-json.ts';
import { DATATYPES, type Tensor } from '../tensor/tensor.ts';

/** Name of the file with golden samples, beside the model. */
export const GOLDEN_FILE = 'golden.json';

/** Larger ones belong into a test of their own. In bytes. */
export const MAX_GOLDEN_BYTES = 8 * 1024 * 1024;

/** What other hardware and a fused operator change in a result; a model that was exported wrongly changes more. */
const TOLERANCE: Tolerance = { absolute: 1e-4, relative: 1e-3 };

/** Inputs, and what the model has to make of them. */
export interface GoldenSample {
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
}

export interface GoldenSamples {
  readonly samples: readonly GoldenSample[];
  readonly tolerance: Tolerance;
}

const tensors = z
  .array(
    z.object({
      name: z.string(),
      datatype: z.enum(DATATYPES),
      shape: z.array(z.int().check(z.nonnegative())),
      data: z.array(z.unknown()),
    }),
  )
  .check(z.minLength(1));

const schema = z.object({
  samples: z.array(z.object({ inputs: tensors, outputs: tensors })).check(z.minLength(1), z.maxLength(100)),
  tolerance: z.optional(
    z.object({
      absolute: z.number().check(z.nonnegative()),
      relative: z.number().check(z.nonnegative()),
    }),
  ),
});

/**
 * Reads golden samples: `{"samples": [{"inputs": [...], "outputs": [...]}], "tolerance": {...}}`, with tensors as the Open
 * Inference Protocol writes them in JSON.
 *
 * @throws InvalidInputError `INVALID_GOLDEN`, and what `fromJson` refuses
 */
export function readGolden(text: string): GoldenSamples {
  const { samples, tolerance = TOLERANCE } = parsed(text);
  return {
    samples: samples.map(({ inputs, outputs }) => ({ inputs: read(inputs), outputs: read(outputs) })),
    tolerance,
  };
}

function parsed(text: string): z.infer<typeof schema> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw invalid('it is no JSON', cause);
  }
  const { data, error } = schema.safeParse(document);
  if (data) return data;
  const [issue] = error.issues;
  throw invalid(`at ${issue?.path.join('.') || 'the top'}: ${issue?.message}`);
}

function read(list: z.infer<typeof tensors>): Map<string, Tensor> {
  return new Map(
    list.map(({ name, datatype, shape, data }) => {
      const count = elementCount(shape, MAX_GOLDEN_BYTES);
      if (count === undefined) throw invalid(`the tensor "${name}" has more elements than the file can hold`);
      const expected = { label: `golden tensor "${name}"`, datatype, shape, count };
      return [name, { datatype, shape, data: fromJson(expected, { data, exact: () => data }) }];
    }),
  );
}

/**
 * Runs a model on its golden samples.
 *
 * @throws InvalidInputError `GOLDEN_DIFFERS`; `INFERENCE_FAILED` when the model refuses the inputs
 */
export async function checkGolden(
  model: OpenModel,
  { samples, tolerance }: GoldenSamples,
  description: ModelDescription,
): Promise<ManifestGolden> {
  const known = new Set(description.outputs.map(({ name }) => name));
  const pairs: (readonly [ReadonlyMap<string, Tensor>, ReadonlyMap<string, Tensor>])[] = [];
  for (const { inputs, outputs } of samples) {
    const foreign = [...outputs.keys()].find((name) => !known.has(name));
    if (foreign !== undefined) throw invalid(`the model has no output "${foreign}"`);
    pairs.push([outputs, await runModel(model, inputs, [...outputs.keys()])]);
  }
  const { agrees, reason, maxAbsolute } = compareOutputs(pairs, tolerance);
  if (agrees) return { samples: samples.length, maxAbsolute };
  throw new InvalidInputError(
    'GOLDEN_DIFFERS',
    `The model does not give what its golden samples say: ${reason}. Compare the ONNX form with the original model; ` +
      'if the difference is meant, give the samples a wider "tolerance".',
  );
}

function invalid(what: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError('INVALID_GOLDEN', `${GOLDEN_FILE} cannot be used: ${what}.`, { cause });
}
