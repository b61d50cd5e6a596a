import type { Tags } from './tags.ts';

/** What MLflow calls a group of runs and logged models. Times are milliseconds since 1970, as clients send them. */
export interface Experiment {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly lastUpdatedAt: number;
}

export const RUN_STATUSES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export const LOGGED_MODEL_STATUSES = [
  'LOGGED_MODEL_PENDING',
  'LOGGED_MODEL_READY',
  'LOGGED_MODEL_UPLOAD_FAILED',
] as const;
export type LoggedModelStatus = (typeof LOGGED_MODEL_STATUSES)[number];

/** One execution of somebody's code. */
export interface Run {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  /** Who runs it, as the client says. */
  readonly userId?: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime?: number;
  readonly isDeleted: boolean;
  /** Who made it, as the token says: nobody else writes its files. */
  readonly author: string;
}

/** Files of a model that somebody pushed; registering makes a version of them. */
export interface LoggedModel {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly modelType?: string;
  readonly sourceRunId?: string;
  readonly status: LoggedModelStatus;
  readonly createdAt: number;
  readonly lastUpdatedAt: number;
  /** Who made it, as the token says: nobody else writes its files. */
  readonly author: string;
}

export interface Metric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

/** What was logged about an experiment, a run or a logged model. */
export interface Logged {
  readonly tags: Tags;
  /** Parameters: written once. */
  readonly params: Tags;
  /** The last point of each metric. */
  readonly metrics: readonly Metric[];
  readonly links: readonly Link[];
}

/** What a run read or made, as its client described it: JSON. */
export interface Link {
  readonly kind: 'dataset' | 'model-input' | 'model-output';
  /** Two links of one kind with the same id are one. */
  readonly id: string;
  readonly document: Readonly<Record<string, unknown>>;
}

/** The experiment that is there from the beginning. */
export const DEFAULT_EXPERIMENT: Experiment = { id: '0', name: 'Default', createdAt: 0, lastUpdatedAt: 0 };

/** Whether a point comes after another one: by step, then by time, then by value. Source: MLflow, latest metrics. */
export function isLater(one: Metric, other: Metric): boolean {
  if (one.step !== other.step) return one.step > other.step;
  if (one.timestamp !== other.timestamp) return one.timestamp > other.timestamp;
  return one.value > other.value;
}
