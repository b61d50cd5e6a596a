import { InvalidInputError } from '../errors.ts';
import type { ModelVersion } from '../registry/model-version.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { areClose, areIdentical } from './closeness.ts';
import { mergeInputs, splitOutputs, UnsplittableError } from './merge.ts';
import type { MergeTrials } from './merge-trials.ts';
import type { ModelRunner } from './model-runner.ts';
import type { Group, Waiting } from './request-queue.ts';

/** What the batcher tells of itself. */
export type BatchEvent =
  | {
      readonly type: 'run';
      readonly version: ModelVersion;
      readonly requests: number;
      readonly waitedMs: number;
    }
  /** Rows of this version depend on each other, so its requests are never merged again. */
  | { readonly type: 'merging-refused'; readonly version: ModelVersion; readonly reason: string };

type Runner = Pick<ModelRunner, 'run'>;

export interface GroupRunsOptions {
  /** Clock in milliseconds. */
  readonly now: () => number;
  readonly onEvent?: ((event: BatchEvent) => void) | undefined;
}

/**
 * Runs requests of one group: as one where the version has passed its trials, as one and separately while it is tried, and
 * separately where it failed one, or where a trial would show nothing.
 */
export class GroupRuns {
  readonly #trials: MergeTrials;
  readonly #options: GroupRunsOptions;

  constructor(trials: MergeTrials, options: GroupRunsOptions) {
    this.#trials = trials;
    this.#options = options;
  }

  /** Settles every request; rejects never. */
  async run(runner: Runner, group: Group, requests: readonly Waiting[]): Promise<void> {
    const { version } = group;
    const [first] = requests;
    const waitedMs = this.#options.now() - (first?.since ?? 0);
    this.#tell({ type: 'run', version, requests: requests.length, waitedMs });
    if (requests.length === 1 || this.#trials.refuses(version))
      return await this.#runEach(runner, group, requests);
    const isTrusted = this.#trials.trusts(version);
    // Requests that are the same give the same beside each other, whatever the model does with its rows.
    if (!isTrusted && !areDifferent(requests)) return await this.#runEach(runner, group, requests);
    try {
      if (!isTrusted) return await this.#try(runner, group, requests);
      const results = await this.#runMerged(runner, group, requests);
      for (const [index, outputs] of results.entries()) requests[index]?.resolve(outputs);
    } catch (error) {
      if (error instanceof UnsplittableError) this.#refuse(version, error.message);
      // One of them may be refused for its values. Nothing else would get better by a second run.
      else if (!(error instanceof InvalidInputError)) return rejectAll(requests, error);
      await this.#runEach(runner, group, requests);
    }
  }

  async #runMerged(
    runner: Runner,
    { version, outputs, pace }: Group,
    requests: readonly Waiting[],
  ): Promise<Map<string, Tensor>[]> {
    const { now } = this.#options;
    const rows = requests.map(({ size }) => size.rows ?? 1);
    const merged = mergeInputs(requests.map(({ inputs }) => inputs));
    const started = now();
    const results = await runner.run(version, merged, outputs);
    pace?.learn(
      rows.reduce((sum, count) => sum + count, 0),
      now() - started,
    );
    return splitOutputs(results, rows);
  }

  async #runEach(
    runner: Runner,
    { version, outputs, pace }: Group,
    requests: readonly Waiting[],
  ): Promise<void> {
    const { now } = this.#options;
    for (const { inputs, size, resolve, reject } of requests) {
      const started = now();
      try {
        resolve(await runner.run(version, inputs, outputs));
        pace?.learn(size.rows ?? 1, now() - started);
      } catch (error) {
        reject(error);
      }
    }
  }

  /**
   * Answers with separate runs, and compares: all outputs of the model, since a version that has passed is trusted with
   * whatever is asked for next.
   */
  async #try(runner: Runner, group: Group, requests: readonly Waiting[]): Promise<void> {
    const all = { ...group, outputs: group.version.description.outputs.map(({ name }) => name) };
    const merged = await this.#runMerged(runner, all, requests);
    let agrees = true;
    const observed = requests.map((request, index) => ({
      ...request,
      resolve: (results: Map<string, Tensor>) => {
        agrees &&= areClose(merged[index] ?? new Map(), results);
        request.resolve(only(group.outputs, results));
      },
    }));
    await this.#runEach(runner, all, observed);
    if (agrees) this.#trials.passed(group.version);
    else this.#refuse(group.version, 'a row gives another result beside other rows than alone');
  }

  #refuse(version: ModelVersion, reason: string): void {
    this.#trials.failed(version);
    this.#tell({ type: 'merging-refused', version, reason });
  }

  #tell(event: BatchEvent): void {
    this.#options.onEvent?.(event);
  }
}

function areDifferent([first, ...others]: readonly Waiting[]): boolean {
  return first !== undefined && others.some(({ inputs }) => !areIdentical(first.inputs, inputs));
}

function only(names: readonly string[], results: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map([...results].filter(([name]) => names.includes(name)));
}

function rejectAll(requests: readonly Waiting[], error: unknown): void {
  for (const { reject } of requests) reject(error);
}
