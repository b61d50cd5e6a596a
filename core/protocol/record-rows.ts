import type { BatchPace } from '../engine/batch-pace.ts';
import { type Kind, UnsplittableError } from '../engine/merge.ts';
import type { ModelRunner } from '../engine/model-runner.ts';
import { InvalidInputError, StrataError } from '../errors.ts';
import type { ModelVersion } from '../registry/model-version.ts';
import { elementCount } from '../tensor/elements.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { JsonDocument } from './json-document.ts';
import { RecordColumns } from './record-columns.ts';
import { encodeRows } from './record-response.ts';
import type { RecordOutcome } from './record-server.ts';

/** A record that was parsed, and where its outcome goes. */
interface Row {
  readonly document: JsonDocument;
  readonly settle: (outcome: RecordOutcome) => void;
}

type Pace = Pick<BatchPace, 'maxRows' | 'learn'>;

/** Rows that can be read together. */
interface Rows {
  readonly version: ModelVersion;
  readonly columns: RecordColumns;
  /** Names of the outputs to compute: all. */
  readonly outputs: readonly string[];
  readonly pace: Pace;
  readonly rows: readonly Row[];
}

export interface RecordRowsOptions {
  readonly runner: Pick<ModelRunner, 'run'>;
  /** Most elements that an input has in a run. */
  readonly maxElements: number;
  /** How many rows of such inputs are worth one run; it learns from the runs. */
  readonly paceOf: (version: ModelVersion, inputs: Kind, outputs: readonly string[]) => Pace;
  readonly newId: () => string;
  /** Answers a record by itself: one that is no row, or that cannot be answered with others. */
  readonly answerAlone: (version: ModelVersion, read: () => JsonDocument) => Promise<RecordOutcome>;
}

/**
 * Answers the records of a model that is known to answer each row by itself. Rows are read into one tensor for each input,
 * run as one, and written from the outputs.
 *
 * Rows that cannot be read are answered alone. Rows that are refused together, or need more memory than there is, are halved
 * until those that are to blame are alone.
 */
export class RecordRows {
  readonly #options: RecordRowsOptions;

  constructor(options: RecordRowsOptions) {
    this.#options = options;
  }

  /**
   * @param records each called once; what it throws is the outcome of that record
   * @returns one outcome for each record, in their order
   */
  async answer(version: ModelVersion, records: readonly (() => JsonDocument)[]): Promise<RecordOutcome[]> {
    const outcomes: RecordOutcome[] = [];
    const columns = new RecordColumns(version.description, this.#options.maxElements);
    const kinds = new Map<string | undefined, Row[]>();
    for (const [index, read] of records.entries()) {
      const settle = (outcome: RecordOutcome) => {
        outcomes[index] = outcome;
      };
      try {
        const document = read();
        const kind = columns.kindOf(document.value);
        const alike = kinds.get(kind) ?? [];
        alike.push({ document, settle });
        kinds.set(kind, alike);
      } catch (error) {
        settle({ error });
      }
    }
    for (const [kind, rows] of kinds) {
      if (kind === undefined) await this.#answerAlone(version, rows);
      else await this.#answerKind(version, columns, rows);
    }
    return outcomes;
  }

  async #answerAlone(version: ModelVersion, rows: readonly Row[]): Promise<void> {
    await Promise.all(
      rows.map(async ({ document, settle }) =>
        settle(await this.#options.answerAlone(version, () => document)),
      ),
    );
  }

  async #answerKind(version: ModelVersion, columns: RecordColumns, rows: readonly Row[]): Promise<void> {
    const inputs = columns.shapesOf(rows[0]?.document.value);
    const width = Math.max(...inputs.values().map(({ shape }) => elementCount(shape) ?? 0));
    const fitting = Math.floor(this.#options.maxElements / width);
    const outputs = version.description.outputs.map(({ name }) => name);
    const pace = this.#options.paceOf(version, inputs, outputs);
    for (let at = 0; at < rows.length; ) {
      const count = Math.max(1, Math.min(pace.maxRows(), fitting));
      await this.#answerTogether({ version, columns, outputs, pace, rows: rows.slice(at, at + count) });
      at += count;
    }
  }

  async #answerTogether(asked: Rows): Promise<void> {
    const { version, columns, rows } = asked;
    const inputs = readable(columns, rows);
    if (inputs) return await this.#run(asked, inputs);
    const others = new Set(rows.filter((row) => !readable(columns, [row])));
    const rest = rows.filter((row) => !others.has(row));
    await this.#answerAlone(version, [...others]);
    if (rest.length === 0) return;
    const again = readable(columns, rest);
    if (again) await this.#run({ ...asked, rows: rest }, again);
    else await this.#answerAlone(version, rest);
  }

  async #run(asked: Rows, inputs: ReadonlyMap<string, Tensor>): Promise<void> {
    const { version, outputs, pace, rows } = asked;
    const { runner, newId } = this.#options;
    const started = performance.now();
    try {
      const results = await runner.run(version, inputs, outputs);
      pace.learn(rows.length, performance.now() - started);
      const ids = rows.map(() => newId());
      for (const [index, answer] of encodeRows(version, ids, outputs, results).entries())
        rows[index]?.settle({ answer });
    } catch (error) {
      await this.#afterFailure(asked, error);
    }
  }

  async #afterFailure(asked: Rows, error: unknown): Promise<void> {
    const { version, rows } = asked;
    if (error instanceof UnsplittableError) return await this.#answerAlone(version, rows);
    if (!mayBeOneRow(error)) {
      for (const { settle } of rows) settle({ error });
      return;
    }
    if (rows.length === 1) return await this.#answerAlone(version, rows);
    const middle = Math.ceil(rows.length / 2);
    await this.#answerTogether({ ...asked, rows: rows.slice(0, middle) });
    await this.#answerTogether({ ...asked, rows: rows.slice(middle) });
  }
}

/** Undefined when one of the rows cannot be read. */
function readable(columns: RecordColumns, rows: readonly Row[]): ReadonlyMap<string, Tensor> | undefined {
  try {
    return columns.read(rows.map(({ document }) => document));
  } catch {
    // Why, finds out who answers them alone.
    return undefined;
  }
}

/** Whether the fault may be that of a single row: of its values, or of the memory that it takes. */
function mayBeOneRow(error: unknown): boolean {
  return (
    error instanceof InvalidInputError || (error instanceof StrataError && error.code === 'OUT_OF_MEMORY')
  );
}
