import { InvalidInputError } from '../errors.ts';

/** The alias that a request without a version means. */
export const CHAMPION = 'champion';

/**
 * Longest model name in UTF-16 units. Any such name stays below the 1024 bytes that DynamoDB allows in the sort key
 * of the index that lists models.
 */
const MAX_MODEL_NAME_LENGTH = 255;
const MAX_ALIAS_LENGTH = 255;

/** Paths of the Open Inference Protocol that a model of the same name would hide: `/v2/models/stats`. */
const RESERVED_MODEL_NAMES = new Set(['stats']);

/**
 * A name is one path segment of a URL (Unicode, spaces and quotes are fine once percent-encoded) and valid in MLflow.
 * Sources: Open Inference Protocol (V2) routes; MLflow's registered-model names.
 */
export function isModelName(name: string): boolean {
  return modelNameProblem(name) === undefined;
}

/** @throws InvalidInputError `INVALID_MODEL_NAME` */
export function assertModelName(name: string): void {
  const problem = modelNameProblem(name);
  if (problem !== undefined) {
    throw new InvalidInputError(
      'INVALID_MODEL_NAME',
      `The model name ${JSON.stringify(name)} ${problem}; choose another, for example "credit-risk".`,
    );
  }
}

function modelNameProblem(name: string): string | undefined {
  if (name.trim() === '') {
    return 'is blank';
  }
  if (name.length > MAX_MODEL_NAME_LENGTH) {
    return `has ${name.length} characters, at most ${MAX_MODEL_NAME_LENGTH} are allowed`;
  }
  if (/[/:]/.test(name)) {
    return 'contains "/" or ":"';
  }
  if (name === '.' || name === '..') {
    return 'means a folder';
  }
  if (/\p{Cc}/u.test(name) || !name.isWellFormed()) {
    return 'contains control characters or half a surrogate pair';
  }
  if (RESERVED_MODEL_NAMES.has(name)) {
    return 'is reserved by the inference protocol';
  }
  return undefined;
}

/**
 * An alias, a version number and MLflow's spellings of versions (`latest`, `v7`) never look alike, so that one string
 * names a version in a path. Letters are ASCII: a version in a path is `[A-Za-z0-9_.-]+`.
 */
export function isAlias(alias: string): boolean {
  return aliasProblem(alias) === undefined;
}

/** @throws InvalidInputError `INVALID_ALIAS` */
export function assertAlias(alias: string): void {
  const problem = aliasProblem(alias);
  if (problem !== undefined) {
    throw new InvalidInputError(
      'INVALID_ALIAS',
      `The alias ${JSON.stringify(alias)} ${problem}; choose another, for example "${CHAMPION}".`,
    );
  }
}

function aliasProblem(alias: string): string | undefined {
  if (alias === '' || alias.length > MAX_ALIAS_LENGTH) {
    return `has ${alias.length} characters, 1 to ${MAX_ALIAS_LENGTH} are allowed`;
  }
  if (!/^[A-Za-z0-9_-]+$/.test(alias)) {
    return 'contains something else than letters, digits, "_" and "-"';
  }
  if (/^latest$/i.test(alias)) {
    return 'is reserved: it means the newest version';
  }
  if (/^v?\d+$/i.test(alias)) {
    return 'looks like a version number';
  }
  return undefined;
}

/** Whether the string is a version number as the registry gives it: decimal, from 1, without leading zeros. */
export function isVersionNumber(version: string): boolean {
  return /^[1-9]\d{0,9}$/.test(version);
}

/** @throws InvalidInputError `INVALID_VERSION` */
export function assertVersionNumber(version: string): void {
  if (!isVersionNumber(version)) {
    throw new InvalidInputError(
      'INVALID_VERSION',
      `The version ${JSON.stringify(version)} is no version number; versions are 1, 2, 3, …`,
    );
  }
}
