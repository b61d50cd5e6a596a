import { elementsOf, type WireTensor } from './wire-tensor.ts';

/** Those of the standard's own runner. Source: onnx/backend/test/loader. */
const TOLERANCE = { relative: 1e-3, absolute: 1e-7 } as const;

/** The first difference between outputs, in words; undefined when there is none. Outputs are compared by name. */
export function differenceOf(
  expected: readonly WireTensor[],
  actual: readonly WireTensor[],
  tolerance: { readonly relative: number; readonly absolute: number } = TOLERANCE,
): string | undefined {
  const byName = new Map(actual.map((tensor) => [tensor.name, tensor]));
  for (const wanted of expected) {
    const got = byName.get(wanted.name);
    if (!got) return `no output ${wanted.name}`;
    const difference = differenceOfTensors(wanted, got, tolerance);
    if (difference !== undefined) return `output ${wanted.name}: ${difference}`;
  }
  return undefined;
}

function differenceOfTensors(
  expected: WireTensor,
  actual: WireTensor,
  { relative, absolute }: { readonly relative: number; readonly absolute: number },
): string | undefined {
  const [wanted, got] = [expected, actual].map(({ datatype, shape }) => `${datatype} [${shape.join(', ')}]`);
  if (wanted !== got) return `${got} instead of ${wanted}`;
  if (expected.bytes.equals(actual.bytes)) return undefined;
  const values = elementsOf(actual);
  for (const [index, value] of elementsOf(expected).entries()) {
    const other = values[index];
    const isClose =
      typeof value === 'number' && typeof other === 'number' && expected.datatype.startsWith('FP')
        ? Object.is(value, other) ||
          value === other ||
          Math.abs(value - other) <= absolute + relative * Math.abs(value)
        : value === other;
    if (!isClose) return `element ${index} is ${other} instead of ${value}`;
  }
  return values.length === elementsOf(expected).length ? undefined : `${values.length} elements`;
}
