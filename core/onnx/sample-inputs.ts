import { elementCount } from '../tensor/elements.ts';
import { toHalf } from '../tensor/half.ts';
import type { Datatype, Tensor, TensorData, TensorSpec } from '../tensor/tensor.ts';
import { descriptionOf } from './describe-model.ts';
import type { OnnxModel } from './onnx-file.ts';

/**
 * Lengths that are tried for free dimensions: of the batch, and of all others. Models want what their layers make of it:
 * a multiple of 32 for images, at least a window for sound.
 */
const LENGTHS = [
  [1, 1],
  [3, 3],
  [1, 16],
  [3, 32],
  [1, 64],
  [2, 128],
  [32, 32],
  [64, 64],
  [1, 256],
  [2, 512],
  [256, 256],
  [512, 512],
] as const;

/** Integers are mostly positions (tokens, categories): small ones are valid, and where even they are not, 0 and 1. */
const INTEGER_BOUNDS = [10, 2] as const;

/** Elements of one input; more would take long and say no more. */
const MAX_ELEMENTS = 1 << 20;

const WORDS = ['', 'a', 'b', 'male', 'Zürich', '0', '1.5'];

/**
 * Inputs that a model may take, the same ones each time: every datatype, free dimensions of 1 and of a few, floating-point
 * numbers around 0 (of deviation 1 and 4), small integers. Inputs that have a default are left out. Which of them the
 * model does take is found by running it.
 */
export function* sampleInputs(model: OnnxModel): Generator<ReadonlyMap<string, Tensor>> {
  const required = descriptionOf(model).inputs.filter(({ optional }) => !optional);
  const bounds = required.some(({ datatype }) => /INT/.test(datatype)) ? INTEGER_BOUNDS : [2];
  for (const [round, shapes] of candidateShapes(model, required).entries()) {
    for (const bound of bounds) {
      const random = seededRandom(round * 16 + bound);
      const recipe = { random, deviation: round % 2 === 0 ? 1 : 4, bound };
      yield new Map(
        required.map(({ name, datatype }, index) => [
          name,
          tensor(datatype, shapes[index] as number[], recipe),
        ]),
      );
    }
  }
}

/** Shapes of all inputs, one list for each round. */
function candidateShapes(model: OnnxModel, inputs: readonly TensorSpec[]): number[][][] {
  const isBatch = batchDimensions(model, inputs);
  const rounds = LENGTHS.map(([batch, other]) =>
    inputs.map(({ name, shape }) =>
      shape.map((length, axis) => {
        if (length >= 0) return length;
        return isBatch(name, axis) ? batch : other;
      }),
    ),
  );
  const hasFreeDimensions = inputs.some(({ shape }) => shape.some((length) => length < 0));
  // Without any, all rounds have the same shapes, and other numbers twice are enough.
  return (hasFreeDimensions ? rounds : rounds.slice(0, 2)).filter((shapes) =>
    shapes.every((shape) => elementCount(shape, MAX_ELEMENTS) !== undefined),
  );
}

/**
 * The dimensions that count rows: those of the same name as the first dimension of an input, or first and without a name.
 * Recurrent models have the batch elsewhere in their states.
 */
function batchDimensions(
  model: OnnxModel,
  inputs: readonly TensorSpec[],
): (input: string, axis: number) => boolean {
  const names = new Map(inputs.map(({ name }) => [name, dimensionNames(model, name)]));
  const batch = new Set([...names.values()].flatMap(([first]) => (first ? [first] : [])));
  return (input, axis) => {
    const name = names.get(input)?.[axis];
    return name ? batch.has(name) : axis === 0;
  };
}

function dimensionNames({ graph }: OnnxModel, input: string): (string | undefined)[] {
  const type = graph.input.find(({ name }) => name === input)?.type?.value;
  const dimensions = type?.case === 'tensorType' ? (type.value.shape?.dim ?? []) : [];
  return dimensions.map(({ value }) => (value.case === 'dimParam' ? value.value : undefined));
}

interface Recipe {
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly deviation: number;
  /** Integers are from 0 up to, not including, this one. */
  readonly bound: number;
}

function tensor(datatype: Datatype, shape: number[], recipe: Recipe): Tensor {
  return { datatype, shape, data: GENERATORS[datatype](elementCount(shape) ?? 0, recipe) };
}

const integer = ({ random, bound }: Recipe) => Math.floor(random() * bound);
const big = (recipe: Recipe) => BigInt(integer(recipe));
const number = ({ random, deviation }: Recipe) => deviation * normal(random);

const GENERATORS: Readonly<Record<Datatype, (size: number, recipe: Recipe) => TensorData>> = {
  BOOL: (size, { random }) => new Uint8Array(size).map(() => (random() < 0.5 ? 0 : 1)),
  UINT8: (size, recipe) => new Uint8Array(size).map(() => integer(recipe)),
  UINT16: (size, recipe) => new Uint16Array(size).map(() => integer(recipe)),
  UINT32: (size, recipe) => new Uint32Array(size).map(() => integer(recipe)),
  UINT64: (size, recipe) => new BigUint64Array(size).map(() => big(recipe)),
  INT8: (size, recipe) => new Int8Array(size).map(() => integer(recipe)),
  INT16: (size, recipe) => new Int16Array(size).map(() => integer(recipe)),
  INT32: (size, recipe) => new Int32Array(size).map(() => integer(recipe)),
  INT64: (size, recipe) => new BigInt64Array(size).map(() => big(recipe)),
  FP16: (size, recipe) => new Uint16Array(size).map(() => toHalf(number(recipe))),
  FP32: (size, recipe) => new Float32Array(size).map(() => number(recipe)),
  FP64: (size, recipe) => new Float64Array(size).map(() => number(recipe)),
  BYTES: (size, { random }) =>
    Array.from({ length: size }, () => WORDS[Math.floor(random() * WORDS.length)] as string),
};

/** Of mean 0 and deviation 1. Source: Box and Muller, "A Note on the Generation of Random Normal Deviates" (1958). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/**
 * Uniform in [0, 1), the same sequence for the same seed on every machine: a linear congruence modulo 2^32.
 * Factor and summand: Press et al., "Numerical Recipes" (1992), section 7.1, "An Even Quicker Generator".
 */
function seededRandom(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
