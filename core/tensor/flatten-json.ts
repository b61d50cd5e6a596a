import { InvalidInputError } from '../errors.ts';
import type { ExpectedTensor } from './expected-tensor.ts';

/**
 * The elements of tensor data in row-major order. Flat data is returned as it is; nested data must be nested exactly
 * as the shape says. The depth of the recursion is that of the shape, however deep the data goes.
 *
 * @throws InvalidInputError `DATA_SHAPE_MISMATCH`
 */
export function flattenJson(expected: ExpectedTensor, data: readonly unknown[]): readonly unknown[] {
  const { label, shape, count } = expected;
  if (shape.length > 1 && (Array.isArray(data[0]) || (data.length === 0 && count > 0))) {
    return flattenNested(expected, data);
  }
  // An empty level hides the ones below it: `[]` stands for [0, 3], `[[], []]` (above) for [2, 0].
  if (data.length === count) return data;
  throw mismatch(
    `The data of ${label} has ${data.length} elements; its shape [${shape.join(', ')}] has ${count}.`,
  );
}

function flattenNested(expected: ExpectedTensor, data: readonly unknown[]): unknown[] {
  const { label, shape } = expected;
  const leaves: unknown[] = [];
  const visit = (level: readonly unknown[], dimension: number): void => {
    if (level.length !== shape[dimension]) {
      throw mismatch(
        `The data of ${label} has an array of ${level.length} where its shape [${shape.join(', ')}] has ${shape[dimension]} (dimension ${dimension}).`,
      );
    }
    if (dimension === shape.length - 1) {
      for (let i = 0; i < level.length; i++) leaves.push(level[i]);
      return;
    }
    for (const inner of level) {
      if (!Array.isArray(inner)) {
        throw mismatch(
          `The data of ${label} is neither flat nor nested as its shape [${shape.join(', ')}]: an element stands where dimension ${dimension + 1} must be an array.`,
        );
      }
      visit(inner, dimension + 1);
    }
  };
  visit(data, 0);
  return leaves;
}

function mismatch(message: string): InvalidInputError {
  return new InvalidInputError('DATA_SHAPE_MISMATCH', message);
}
