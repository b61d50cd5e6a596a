import { MicroBatcher } from '../engine/micro-batcher.ts';
import type { ModelRunner } from '../engine/model-runner.ts';
import { StrataError } from '../errors.ts';
import type { ModelVersion } from '../registry/model-version.ts';
import type { RegistryReader } from '../registry/registry-reader.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { JsonDocument } from './json-document.ts';
import { type DecodedRecord, readRecord } from './record.ts';
import { encodeRecord } from './record-response.ts';
import { RecordRows } from './record-rows.ts';

export interface RecordServerOptions {
  readonly registry: Pick<RegistryReader, 'resolve'>;
  readonly runner: ModelRunner;
  /** Registered name, and version or alias; the champion unless given. */
  readonly model: string;
  readonly version?: string | undefined;
  /** Most elements that the inputs of one run have: what memory allows. */
  readonly maxElements: number;
  /** Most rows of one run; with 1 nothing is merged. @default 65,536 */
  readonly maxRows?: number;
  readonly newId: () => string;
}

/** What became of one record: the JSON of an answer, or why there is none. */
export type RecordOutcome = { readonly answer: string } | { readonly error: unknown };

/** Many small runs cost more than one large: how long a merged run may take is bounded by memory, hardly by time. */
const TARGET_MS = 5000;
const MAX_ROWS = 65_536;

/** Records that are answered before it is asked again whether rows may be read and run together. */
const TRIAL = 512;

/**
 * Answers many records at once. Those that can be are run as one, in as few runs as pay and as memory allows; a record that
 * is refused takes no other along.
 *
 * A model is first tried by `MicroBatcher`, which compares merged runs with separate ones. Rows of a model that has passed
 * go through `RecordRows`; requests of the protocol, and all records of other models, through the batcher.
 */
export class RecordServer {
  readonly #options: RecordServerOptions;
  readonly #batcher: MicroBatcher;
  readonly #rows: RecordRows;

  constructor(options: RecordServerOptions) {
    this.#options = options;
    const { runner, maxElements, maxRows = MAX_ROWS, newId } = options;
    this.#batcher = new MicroBatcher({
      runner,
      concurrency: 1,
      maxWaiting: Number.POSITIVE_INFINITY,
      maxRows,
      maxElements,
      targetMs: TARGET_MS,
    });
    this.#rows = new RecordRows({
      runner,
      maxElements,
      newId,
      paceOf: (version, inputs, outputs) => this.#batcher.paceOf(version, inputs, outputs),
      answerAlone: (version, read) => this.#answerOne(version, read),
    });
  }

  /**
   * @param records each called once; what it throws is the outcome of that record
   * @returns one outcome for each record, in their order
   * @throws StrataError when none can be answered: the model cannot be found or opened
   */
  async answer(records: readonly (() => JsonDocument)[]): Promise<RecordOutcome[]> {
    const { registry, runner, model } = this.#options;
    const version = await registry.resolve(model, this.#options.version);
    await runner.load(version, { runsNext: true });
    const outcomes: RecordOutcome[] = [];
    while (outcomes.length < records.length && !this.#batcher.trusts(version)) {
      const tried = records.slice(outcomes.length, outcomes.length + TRIAL);
      outcomes.push(...(await Promise.all(tried.map((read) => this.#answerOne(version, read)))));
    }
    return outcomes.concat(await this.#rows.answer(version, records.slice(outcomes.length)));
  }

  async #answerOne(version: ModelVersion, read: () => JsonDocument): Promise<RecordOutcome> {
    try {
      const record = readRecord(read(), version.description, this.#options.maxElements);
      const outputs = await this.#run(version, record);
      const head = { version, id: record.id, predictionId: this.#options.newId() };
      return { answer: encodeRecord(head, record.choices, outputs) };
    } catch (error) {
      return { error };
    }
  }

  async #run(version: ModelVersion, { inputs, choices }: DecodedRecord): Promise<Map<string, Tensor>> {
    const names = choices.map(({ name }) => name);
    try {
      return await this.#batcher.run(version, inputs, names);
    } catch (error) {
      // Merged with others it was too much; alone it may not be.
      if (!(error instanceof StrataError) || error.code !== 'OUT_OF_MEMORY') throw error;
      return await this.#options.runner.run(version, inputs, names);
    }
  }
}
