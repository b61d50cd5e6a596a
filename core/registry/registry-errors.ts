import { InvalidInputError, NotFoundError, UnavailableError } from '../errors.ts';
import type { VersionSummary } from './model-version.ts';
import { CHAMPION } from './names.ts';
import type { AliasMove } from './registry-writer.ts';

export function modelNotFound(model: string): NotFoundError {
  return new NotFoundError('MODEL_NOT_FOUND', `There is no model ${JSON.stringify(model)} in the registry.`);
}

export function versionNotFound(model: string, versionOrAlias: string): NotFoundError {
  return new NotFoundError(
    'VERSION_NOT_FOUND',
    `The model ${JSON.stringify(model)} has no version or alias ${JSON.stringify(versionOrAlias)}.`,
  );
}

export function noChampion(model: string): NotFoundError {
  return new NotFoundError(
    'NO_CHAMPION',
    `The model ${JSON.stringify(model)} has no alias "${CHAMPION}": name a version, or choose the default one with ` +
      `\`strata alias ${shellWord(model)} ${CHAMPION} <version>\`.`,
  );
}

export function notReady({
  model,
  version,
  status,
}: Pick<VersionSummary, 'model' | 'version' | 'status'>): UnavailableError {
  return new UnavailableError(
    'MODEL_NOT_READY',
    `Version ${version} of the model ${JSON.stringify(model)} is ${status}; only READY versions are served.`,
  );
}

/** A version that is READY and has nothing to run. */
export function notServable(model: string, version: string): InvalidInputError {
  return new InvalidInputError(
    'NOT_A_MODEL',
    `Version ${version} of ${JSON.stringify(model)} is a text, not a model: there is nothing to run.`,
  );
}

export function modelExists(model: string): InvalidInputError {
  return new InvalidInputError(
    'MODEL_EXISTS',
    `There is a model or prompt ${JSON.stringify(model)} already; choose another name, or use the one that is there.`,
  );
}

/** An alias is to point at what cannot be served. */
export function aliasNeedsReady(
  { model, version, status }: Pick<VersionSummary, 'model' | 'version' | 'status'>,
  alias: string,
): InvalidInputError {
  return new InvalidInputError(
    'VERSION_NOT_READY',
    `Version ${version} of the model ${JSON.stringify(model)} is ${status}; the alias "${alias}" can point at a READY ` +
      'version only.',
    { statusCode: 409 },
  );
}

/** What is READY or has failed stays what it is. */
export function notPending({
  model,
  version,
  status,
}: Pick<VersionSummary, 'model' | 'version' | 'status'>): InvalidInputError {
  return new InvalidInputError(
    'VERSION_NOT_PENDING',
    `Version ${version} of the model ${JSON.stringify(model)} is ${status}, which never changes; register the files as a new version.`,
    { statusCode: 409 },
  );
}

/** A word as a shell takes it for one. */
export function shellWord(word: string): string {
  return /^[\w.-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

export function aliasMovedMeanwhile(
  { model, alias, from }: Pick<AliasMove, 'model' | 'alias' | 'from'>,
  expected: string,
): InvalidInputError {
  const now = from === undefined ? 'is not there any more' : `points at version ${from}`;
  return new InvalidInputError(
    'ALIAS_MOVED',
    `The alias "${alias}" of the model ${JSON.stringify(model)} ${now}, not at version ${expected}: somebody else ` +
      'moved it meanwhile. Nothing was changed; look at it and decide again.',
    { statusCode: 409 },
  );
}

export function nothingToRollBack(model: string, alias: string): InvalidInputError {
  return new InvalidInputError(
    'NOTHING_TO_ROLL_BACK',
    `The alias "${alias}" of the model ${JSON.stringify(model)} never pointed at another version; name the one that ` +
      `it should: \`strata promote ${shellWord(model)}@<version> --alias ${alias}\`.`,
    { statusCode: 409 },
  );
}
