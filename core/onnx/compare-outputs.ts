import { fromHalf } from '../tensor/half.ts';
import type { Datatype, Tensor } from '../tensor/tensor.ts';

/** How far a number may be from the one it stands for: `absolute + relative * |expected|`. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

/** How far the outputs of one model are from those of another, over all elements. */
export interface Difference {
  /** Largest distance between two floating-point numbers; 0 without such outputs. */
  readonly maxAbsolute: number;
  /** Smallest cosine of the angle between two floating-point outputs; 1 without such outputs. */
  readonly minCosine: number;
  /** Share of the elements of other types (integers, booleans, strings) that are equal; 1 without such outputs. */
  readonly equalShare: number;
  /** Whether every number is within the tolerance, and everything else equal. */
  readonly agrees: boolean;
  /** The first thing that does not agree, in words. */
  readonly reason?: string;
}

/** What one output shows. */
interface Finding {
  readonly maxAbsolute?: number;
  readonly cosine?: number;
  readonly equal?: number;
  readonly elements?: number;
  readonly reason?: string | undefined;
}

/**
 * Compares outputs by name. NaN agrees with NaN, an infinity with the same one; where only one is not finite the distance
 * is infinite. Tensors of other datatypes or shapes do not agree, whatever they hold.
 *
 * @param pairs expected and actual outputs, for each sample one pair
 */
export function compareOutputs(
  pairs: readonly (readonly [ReadonlyMap<string, Tensor>, ReadonlyMap<string, Tensor>])[],
  tolerance: Tolerance,
): Difference {
  const findings = pairs.flatMap(([expected, actual]) =>
    [...expected].map(([name, tensor]) => compareTensor(name, tensor, actual.get(name), tolerance)),
  );
  const others = findings.filter(({ elements }) => elements !== undefined);
  const elements = others.reduce((sum, each) => sum + (each.elements ?? 0), 0);
  const equal = others.reduce((sum, each) => sum + (each.equal ?? 0), 0);
  const reason = findings.find((each) => each.reason !== undefined)?.reason;
  return {
    maxAbsolute: findings.reduce((most, each) => Math.max(most, each.maxAbsolute ?? 0), 0),
    minCosine: findings.reduce((least, { cosine }) => Math.min(least, cosine ?? 1), 1),
    equalShare: elements === 0 ? 1 : equal / elements,
    agrees: reason === undefined,
    ...(reason !== undefined && { reason }),
  };
}

function compareTensor(
  name: string,
  expected: Tensor,
  actual: Tensor | undefined,
  tolerance: Tolerance,
): Finding {
  if (!actual) return { ...FOREIGN, reason: `the output "${name}" is missing` };
  const [before, after] = [expected, actual].map(
    ({ datatype, shape }) => `${datatype} [${shape.join(', ')}]`,
  );
  if (before !== after) return { ...FOREIGN, reason: `the output "${name}" is ${after}, not ${before}` };
  return isFloating(expected.datatype)
    ? compareNumbers(name, numbers(expected), numbers(actual), tolerance)
    : compareElements(name, expected, actual);
}

/** An output that has nothing in common with the expected one. */
const FOREIGN: Finding = { maxAbsolute: Number.POSITIVE_INFINITY, cosine: -1, equal: 0, elements: 1 };

function compareNumbers(
  name: string,
  expected: ArrayLike<number>,
  actual: ArrayLike<number>,
  { absolute, relative }: Tolerance,
): Finding {
  let maxAbsolute = 0;
  let reason: string | undefined;
  for (let index = 0; index < expected.length; index += 1) {
    const [wanted, got] = [expected[index] as number, actual[index] as number];
    const distance = distanceOf(wanted, got);
    maxAbsolute = Math.max(maxAbsolute, distance);
    if (reason === undefined && distance > absolute + relative * Math.abs(finite(wanted))) {
      reason = `element ${index} of "${name}" is ${got}, not ${wanted}`;
    }
  }
  return { maxAbsolute, cosine: cosineOf(expected, actual), reason };
}

function distanceOf(expected: number, actual: number): number {
  if (Object.is(expected, actual) || expected === actual) return 0;
  const distance = Math.abs(actual - expected);
  return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
}

/** Elements that are not finite say nothing of a direction; `distanceOf` judges them. Two zero vectors are alike. */
function cosineOf(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  // Scaled by the largest element, so that squares neither overflow nor vanish.
  const [bigA, bigB] = [largest(expected), largest(actual)];
  if (bigA === 0 || bigB === 0) return bigA === bigB ? 1 : 0;
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (let index = 0; index < expected.length; index += 1) {
    const a = finite(expected[index] as number) / bigA;
    const b = finite(actual[index] as number) / bigB;
    product += a * b;
    squaresA += a * a;
    squaresB += b * b;
  }
  return Math.min(1, Math.max(-1, product / Math.sqrt(squaresA * squaresB)));
}

function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let index = 0; index < values.length; index += 1) {
    most = Math.max(most, Math.abs(finite(values[index] as number)));
  }
  return most;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

function compareElements(name: string, expected: Tensor, actual: Tensor): Finding {
  let equal = 0;
  let reason: string | undefined;
  for (let index = 0; index < expected.data.length; index += 1) {
    if (expected.data[index] === actual.data[index]) equal += 1;
    // Not the values: they may be texts of the caller.
    else reason ??= `element ${index} of "${name}" is another`;
  }
  return { equal, elements: expected.data.length, reason };
}

function isFloating(datatype: Datatype): boolean {
  return datatype === 'FP16' || datatype === 'FP32' || datatype === 'FP64';
}

function numbers({ datatype, data }: Tensor): ArrayLike<number> {
  return datatype === 'FP16' ? Float64Array.from(data as Uint16Array, fromHalf) : (data as Float32Array);
}
