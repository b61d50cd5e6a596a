import { InvalidInputError, NotFoundError } from '../errors.ts';
import type { Metric } from './tracking-records.ts';
import type { NewEntries, Tracked } from './tracking-store.ts';

/** As in MLflow; names of metrics, params and tags follow one rule there. Source: MLflow, validation of names. */
const KEY = /^[\p{L}\p{N}_/.\- :]+$/u;
const MAX_KEY_LENGTH = 250;
const MAX_VALUE_LENGTHS = { tag: 100_000, param: 6000 };
const MAX_EXPERIMENT_NAME_LENGTH = 255;
/** A dataset comes with its schema and profile. Item size limit of DynamoDB is 400 KiB. */
const MAX_LINK_BYTES = 200 * 1024;

/** @throws InvalidInputError `INVALID_ENTRY` */
export function assertEntries({ tags = {}, params = {}, metrics = [], links = [] }: NewEntries): void {
  for (const [key, value] of Object.entries(tags)) assertText('tag', key, value);
  for (const [key, value] of Object.entries(params)) assertText('param', key, value);
  for (const metric of metrics) assertMetric(metric);
  for (const { id, document } of links) {
    const bytes = Buffer.byteLength(JSON.stringify(document));
    if (id.length > MAX_KEY_LENGTH || bytes > MAX_LINK_BYTES) {
      throw invalidEntry(
        `An input or output has ${bytes} bytes, at most ${MAX_LINK_BYTES} are kept, and a name or digest of at most ${MAX_KEY_LENGTH} characters.`,
      );
    }
  }
}

function assertText(kind: 'tag' | 'param', key: string, value: string): void {
  assertKey(kind, key);
  const most = MAX_VALUE_LENGTHS[kind];
  if (value.length > most) {
    throw invalidEntry(
      `The ${kind} ${JSON.stringify(key)} has a value of ${value.length} characters, at most ${most} are allowed; put long texts into a file.`,
    );
  }
}

function assertMetric({ key, timestamp, step }: Metric): void {
  assertKey('metric', key);
  if (Number.isSafeInteger(timestamp) && Number.isSafeInteger(step)) return;
  throw invalidEntry(`The metric ${JSON.stringify(key)} needs whole numbers as step and timestamp.`);
}

function assertKey(kind: string, key: string): void {
  // Names that every object has would be found where no entry is.
  if (key.length <= MAX_KEY_LENGTH && KEY.test(key) && key.isWellFormed() && key !== '__proto__') return;
  throw invalidEntry(
    `A ${kind} cannot be called ${JSON.stringify(key.slice(0, 300))}: use 1 to ${MAX_KEY_LENGTH} letters, digits, spaces and the characters _ - . : /.`,
  );
}

/** @throws InvalidInputError `INVALID_EXPERIMENT_NAME` */
export function assertExperimentName(name: string): void {
  const isName = name.trim() !== '' && name.length <= MAX_EXPERIMENT_NAME_LENGTH && !/\p{Cc}/u.test(name);
  if (isName && name.isWellFormed()) return;
  throw new InvalidInputError(
    'INVALID_EXPERIMENT_NAME',
    `An experiment cannot be called ${JSON.stringify(name.slice(0, 300))}: use 1 to ${MAX_EXPERIMENT_NAME_LENGTH} characters, not only blanks.`,
  );
}

export function experimentExists(name: string): InvalidInputError {
  return new InvalidInputError(
    'EXPERIMENT_EXISTS',
    `There is an experiment ${JSON.stringify(name)} already; use it, or choose another name.`,
  );
}

/** Parameters say how something was made, which does not change later. */
export function paramChanged(key: string, was: string, is: string): InvalidInputError {
  return new InvalidInputError(
    'PARAM_CHANGED',
    `The param ${JSON.stringify(key)} was logged as ${JSON.stringify(was.slice(0, 200))} and cannot become ${JSON.stringify(is.slice(0, 200))}: params never change. Begin another run, or log a tag.`,
  );
}

const NOT_FOUND = {
  experiment: ['EXPERIMENT_NOT_FOUND', 'experiment'],
  run: ['RUN_NOT_FOUND', 'run'],
  loggedModel: ['LOGGED_MODEL_NOT_FOUND', 'logged model'],
} as const;

export function trackedNotFound({ kind, id }: Tracked): NotFoundError {
  const [code, name] = NOT_FOUND[kind];
  return new NotFoundError(code, `There is no ${name} ${JSON.stringify(id.slice(0, 300))}.`);
}

function invalidEntry(message: string): InvalidInputError {
  return new InvalidInputError('INVALID_ENTRY', message);
}
