import { InvalidInputError } from '../core/errors.ts';
import { fromJson } from '../core/tensor/from-json.ts';
import { DATATYPES, type Datatype, type TensorSpec } from '../core/tensor/tensor.ts';

type Leaf = number | bigint | string | boolean | null;

/** An input tensor as it stands in the JSON of an inference request; `data` is flat, row-major. */
export interface JsonInput {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly Leaf[];
}

type Row = Readonly<Record<string, unknown>>;

/**
 * Turns rows, one value per input name, into one tensor per input. The first dimension of every input counts the rows;
 * a value fills the others: a single number for `[-1]` and `[-1, 1]`, a list for `[-1, 4]`. An input that no row names
 * is left out, which is right when it is optional; the server says so when it is not.
 *
 * @param inputs of the model's metadata, `[-1, …]` or with as many rows as the model wants
 * @param rows at least one
 * @throws InvalidInputError `INVALID_ROWS`, which names row (from 1) and input
 */
export function rowsToInputs(inputs: readonly TensorSpec[], rows: readonly unknown[]): JsonInput[] {
  const names = new Set(inputs.map(({ name }) => name));
  const checked = rows.map((row, index) => asRow(row, index, names));
  if (checked.length === 0) {
    throw invalid('There are no rows.');
  }
  const named = inputs.filter(({ name }) => checked.some((row) => Object.hasOwn(row, name)));
  for (const [index, row] of checked.entries()) refuseMissing(row, index, named);
  return named.map((input) => column(input, checked));
}

function asRow(row: unknown, index: number, names: ReadonlySet<string>): Row {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw invalid(`Row ${index + 1} is not an object of values by input name.`);
  }
  const unknown = Object.keys(row).find((name) => !names.has(name));
  if (unknown !== undefined) {
    throw invalid(
      `Row ${index + 1} names ${JSON.stringify(unknown)}, which is no input of the model; its inputs are ${[...names].join(', ')}.`,
    );
  }
  return row as Row;
}

function refuseMissing(row: Row, index: number, named: readonly TensorSpec[]): void {
  const missing = named.filter(({ name }) => !Object.hasOwn(row, name)).map(({ name }) => name);
  if (missing.length === 0) return;
  throw invalid(
    `Row ${index + 1} lacks the ${missing.length === 1 ? 'input' : 'inputs'} ${missing.join(', ')}; ` +
      'write null where a number is missing, "" where a text is.',
  );
}

function column({ name, datatype, shape }: TensorSpec, rows: readonly Row[]): JsonInput {
  const [batch, ...rest] = shape;
  if (batch === undefined && rows.length > 1) {
    throw invalid(`The input ${name} is a scalar: it takes one row, not ${rows.length}.`);
  }
  if (batch !== undefined && batch >= 0 && batch !== rows.length) {
    throw invalid(
      `The input ${name} takes exactly ${batch} ${batch === 1 ? 'row' : 'rows'}, not ${rows.length}.`,
    );
  }
  const values = rows.map((row, index) => {
    const where = `Row ${index + 1}, ${name}`;
    const read = value(row[name], rest, where);
    checkLeaves(read.leaves, datatype, where);
    return read;
  });
  const first = values[0]?.shape ?? [];
  const odd = values.findIndex((each) => each.shape.join() !== first.join());
  if (odd > 0) {
    throw invalid(
      `Row ${odd + 1}, ${name}: shape [${values[odd]?.shape.join(', ')}], but row 1 has [${first.join(', ')}].`,
    );
  }
  return {
    name,
    datatype,
    shape: batch === undefined ? [] : [rows.length, ...first],
    data: values.flatMap(({ leaves }) => leaves),
  };
}

/** One value of a row: nested as the dimensions say, or flat where only one shape fits. */
function value(nested: unknown, dimensions: readonly number[], where: string) {
  const leaves: Leaf[] = [];
  const nesting = collect(nested, leaves, where);
  const free = dimensions.filter((length) => length < 0).length;
  const fixed = dimensions.filter((length) => length >= 0).reduce((product, length) => product * length, 1);

  if (nesting.length === dimensions.length) {
    if (dimensions.some((length, axis) => length >= 0 && length !== nesting[axis])) {
      throw invalid(
        `${where}: shape [${nesting.join(', ')}] where the model takes [${dimensions.join(', ')}].`,
      );
    }
    return { shape: nesting, leaves };
  }
  const missing = fixed === 0 ? 0 : leaves.length / fixed;
  const fits = free === 0 ? leaves.length === fixed : free === 1 && fixed > 0 && Number.isInteger(missing);
  if (nesting.length > 1 || !fits) {
    throw invalid(
      `${where}: ${leaves.length === 1 ? '1 value does' : `${leaves.length} values do`} not fill [${dimensions.join(', ')}]; nest them as the shape says.`,
    );
  }
  return { shape: dimensions.map((length) => (length < 0 ? missing : length)), leaves };
}

/** What the server would refuse is refused here, where the row is known. */
function checkLeaves(leaves: readonly Leaf[], datatype: Datatype, where: string): void {
  // Another server's datatypes are its own to check.
  if (!DATATYPES.includes(datatype)) return;
  const data = leaves.map((leaf) => (typeof leaf === 'bigint' ? Number(leaf) : leaf));
  const expected = { label: where, datatype, shape: [leaves.length], count: leaves.length };
  try {
    fromJson(expected, { data, exact: () => leaves });
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const message = leaves.length === 1 ? error.message.replace('Element 0 of ', '') : error.message;
    throw invalid(message);
  }
}

/** Adds the leaves of nested arrays in row-major order. @returns the lengths, outermost first; `[]` for a single value */
function collect(nested: unknown, leaves: Leaf[], where: string): number[] {
  if (!Array.isArray(nested)) {
    if (typeof nested === 'object' && nested !== null) {
      throw invalid(
        `${where}: an object is no value; give a number, a text, true, false, null or a list of them.`,
      );
    }
    leaves.push(nested as Leaf);
    return [];
  }
  const lengths = nested.map((each) => collect(each, leaves, where));
  const inner = lengths[0] ?? [];
  if (lengths.some((each) => each.join() !== inner.join())) {
    throw invalid(`${where}: the lists inside have different lengths.`);
  }
  return [nested.length, ...inner];
}

function invalid(message: string): InvalidInputError {
  return new InvalidInputError('INVALID_ROWS', message);
}
