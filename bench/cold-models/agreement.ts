/**
 * How far two answers are apart: the largest difference, as a share of the largest number of the first; `NaN` when they
 * cannot be compared.
 */
export function furthest(
  expected: readonly ArrayLike<unknown>[],
  given: readonly ArrayLike<unknown>[],
): number {
  if (expected.length === 0 || expected.length !== given.length) return Number.NaN;
  return Math.max(...expected.map((numbers, output) => distance(numbers, given[output] ?? [])));
}

function distance(expected: ArrayLike<unknown>, given: ArrayLike<unknown>): number {
  if (expected.length !== given.length) return Number.NaN;
  let difference = 0;
  let size = 0;
  for (let place = 0; place < expected.length; place++) {
    difference = Math.max(difference, Math.abs(Number(given[place]) - Number(expected[place])));
    size = Math.max(size, Math.abs(Number(expected[place])));
  }
  return difference === 0 ? 0 : difference / size;
}
