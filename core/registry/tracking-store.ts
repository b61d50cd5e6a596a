import type { Tags } from './tags.ts';
import type { Experiment, Logged, LoggedModel, Metric, Run } from './tracking-records.ts';

/** What things are logged about. */
export interface Tracked {
  readonly kind: 'experiment' | 'run' | 'loggedModel';
  readonly id: string;
}

export interface NewEntries {
  readonly tags?: Tags;
  readonly params?: Tags;
  readonly metrics?: readonly Metric[];
  readonly links?: Logged['links'];
}

export type RunDraft = Pick<Run, 'experimentId' | 'name' | 'userId' | 'startTime' | 'author'> & NewEntries;
export type LoggedModelDraft = Pick<
  LoggedModel,
  'experimentId' | 'name' | 'modelType' | 'sourceRunId' | 'author'
> &
  NewEntries;

/**
 * Keeps what MLflow's clients track on the way to a model version. What is not there is refused with NotFoundError
 * `EXPERIMENT_NOT_FOUND`, `RUN_NOT_FOUND`, `LOGGED_MODEL_NOT_FOUND`; every method may fail with UnavailableError
 * `REGISTRY_UNAVAILABLE`, `REGISTRY_BUSY`.
 */
export interface TrackingStore {
  experiment(id: string): Promise<Experiment>;
  experimentNamed(name: string): Promise<Experiment>;
  experiments(): Promise<Experiment[]>;
  /** @throws InvalidInputError `INVALID_EXPERIMENT_NAME`, `EXPERIMENT_EXISTS` */
  createExperiment(draft: { readonly name: string; readonly tags?: Tags }): Promise<Experiment>;

  run(id: string): Promise<Run>;
  /** Of an experiment, the newest first. */
  runs(experimentId: string): Promise<Run[]>;
  createRun(draft: RunDraft): Promise<Run>;
  updateRun(
    id: string,
    changes: Partial<Pick<Run, 'name' | 'status' | 'endTime' | 'isDeleted'>>,
  ): Promise<Run>;

  loggedModel(id: string): Promise<LoggedModel>;
  /** Of an experiment, the newest first. */
  loggedModels(experimentId: string): Promise<LoggedModel[]>;
  createLoggedModel(draft: LoggedModelDraft): Promise<LoggedModel>;
  finishLoggedModel(id: string, status: LoggedModel['status']): Promise<LoggedModel>;
  deleteLoggedModel(id: string): Promise<void>;

  /** What was logged about each, in the same order; nothing about what is not there. */
  logged(tracked: readonly Tracked[]): Promise<Logged[]>;
  /** Every point of a metric of a run, in the order of steps and times. */
  metricHistory(runId: string, key: string): Promise<Metric[]>;
  /**
   * Adds entries; the same entries again change nothing.
   * @throws InvalidInputError `INVALID_ENTRY`, `PARAM_CHANGED`
   */
  log(tracked: Tracked, entries: NewEntries): Promise<void>;
  /** Does nothing when there is no such tag. */
  deleteTag(tracked: Tracked, key: string): Promise<void>;
}
