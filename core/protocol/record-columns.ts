import { InvalidInputError } from '../errors.ts';
import type { ModelDescription } from '../onnx/model-description.ts';
import { elementCount } from '../tensor/elements.ts';
import { fromJson } from '../tensor/from-json.ts';
import { quoted } from '../tensor/quoted.ts';
import type { Tensor, TensorSpec } from '../tensor/tensor.ts';
import { fitsShape } from './input-spec.ts';
import type { JsonDocument } from './json-document.ts';
import { shapeOf } from './record.ts';

type Row = Readonly<Record<string, unknown>>;

/** How an input is read from rows. */
interface Column {
  readonly spec: TensorSpec;
  readonly label: string;
  /** Elements of each row; undefined where a dimension is free, so that rows may differ in it. */
  readonly width: number | undefined;
}

/**
 * Reads rows that stand behind one another, input by input: one tensor for all rows costs a fraction of a tensor for each.
 *
 * It takes what most records are, rows with a value for each input and nothing beside. All others are left to
 * `readRecord`, which reads or refuses whatever there is.
 */
export class RecordColumns {
  readonly #columns: readonly Column[];
  readonly #limit: number;

  /** @param limit most elements of one input of one row */
  constructor({ inputs }: Pick<ModelDescription, 'inputs'>, limit: number) {
    this.#limit = limit;
    this.#columns = inputs
      .filter(({ optional }) => !optional)
      .map((spec) => {
        const inner = spec.shape.slice(1);
        const width = inner.includes(-1) ? undefined : elementCount(inner, limit);
        return { spec, label: `input ${quoted(spec.name)}`, width };
      });
  }

  /** Rows of the same kind can be read together: the lengths that the model leaves free. Undefined for all other records. */
  kindOf(record: unknown): string | undefined {
    if (typeof record !== 'object' || record === null) return undefined;
    let keys = 0;
    for (const _ in record) keys++;
    if (keys !== this.#columns.length) return undefined;
    let kind = '';
    for (const { spec, width } of this.#columns) {
      const value = (record as Row)[spec.name];
      if (value === undefined) return undefined;
      if (typeof value !== 'object' && width === 1) continue;
      const shape = shapeOf(value, spec);
      if (!fitsShape(shape, spec) || !elementCount(shape, this.#limit)) return undefined;
      if (width === undefined) kind += `${shape.join(',')};`;
    }
    return kind;
  }

  /** Datatypes and shapes of the inputs of a row that has a `kindOf`. */
  shapesOf(row: unknown): Map<string, Pick<Tensor, 'datatype' | 'shape'>> {
    return new Map(
      this.#columns.map(({ spec }) => {
        const shape = shapeOf((row as Row)[spec.name], spec);
        return [spec.name, { datatype: spec.datatype, shape }];
      }),
    );
  }

  /**
   * @param rows at least one, all of one `kindOf`
   * @throws InvalidInputError when one of them cannot be read: it does not tell which, nor what `readRecord` thinks of it
   */
  read(rows: readonly JsonDocument[]): Map<string, Tensor> {
    const values = rows.map(({ value }) => value as Row);
    const exact = () => rows.map((row) => row.exact() as Row);
    return new Map(this.#columns.map((column) => [column.spec.name, readColumn(column, values, exact)]));
  }
}

function readColumn({ spec, label }: Column, rows: readonly Row[], exact: () => readonly Row[]): Tensor {
  const { name, datatype } = spec;
  const [, ...inner] = shapeOf(rows[0]?.[name], spec);
  const width = elementCount(inner) ?? 0;
  const count = rows.length * width;
  // Of one dimension here: a list in the place of an element is refused, never taken for a dimension.
  const expected = { label, datatype, shape: [count], count };
  const data = fromJson(expected, {
    data: elementsOf(rows, name, width),
    exact: () => elementsOf(exact(), name, width),
  });
  return { datatype, shape: [rows.length, ...inner], data };
}

function elementsOf(rows: readonly Row[], name: string, width: number): unknown[] {
  const elements: unknown[] = [];
  for (const row of rows) append(elements, row[name], width);
  return elements;
}

function append(elements: unknown[], value: unknown, width: number): void {
  if (!Array.isArray(value)) {
    elements.push(value);
    return;
  }
  const leaves = Array.isArray(value[0]) ? value.flat(Number.POSITIVE_INFINITY) : value;
  if (leaves.length !== width)
    throw new InvalidInputError('DATA_SHAPE_MISMATCH', 'A row has lists of differing lengths.');
  for (let i = 0; i < width; i++) elements.push(leaves[i]);
}
