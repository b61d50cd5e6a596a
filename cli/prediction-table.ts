import { table } from './table.ts';

/** An output tensor as it stands in the JSON of an inference response. */
export interface JsonOutput {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  /** Flat or nested, row-major. */
  readonly data: readonly unknown[];
}

/**
 * Outputs for people: one line per row where all outputs count the same rows, otherwise one line per output.
 * Floating-point numbers are shown with six significant digits.
 */
export function predictionTable(outputs: readonly JsonOutput[]): string {
  const rows = outputs[0]?.shape[0];
  const byRow = rows !== undefined && outputs.every(({ shape }) => shape[0] === rows);
  if (!byRow) {
    return table(
      ['output', 'shape', 'values'],
      outputs.map((output) => [output.name, `[${output.shape.join(', ')}]`, cell(leaves(output), output)]),
    );
  }
  const columns = outputs.map((output) => {
    const flat = leaves(output);
    const width = flat.length / rows;
    return Array.from({ length: rows }, (_, row) => cell(flat.slice(row * width, (row + 1) * width), output));
  });
  return table(
    ['row', ...outputs.map(({ name }) => name)],
    Array.from({ length: rows }, (_, row) => [
      String(row + 1),
      ...columns.map((column) => column[row] ?? ''),
    ]),
  );
}

function leaves({ data }: JsonOutput): unknown[] {
  return data.flat(Number.POSITIVE_INFINITY);
}

function cell(values: readonly unknown[], { datatype }: JsonOutput): string {
  const texts = values.map((value) => shown(value, datatype));
  return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
}

function shown(value: unknown, datatype: string): string {
  if (!datatype.startsWith('FP')) {
    return String(value);
  }
  // JSON has no NaN: the server writes null.
  return value === null ? 'NaN' : String(Number(Number(value).toPrecision(6)));
}
