import { NotFoundError, UnavailableError } from '../errors.ts';
import type { ModelVersion } from './model-version.ts';
import { CHAMPION } from './names.ts';

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

export function notReady({ model, version, status }: ModelVersion): UnavailableError {
  return new UnavailableError(
    'MODEL_NOT_READY',
    `Version ${version} of the model ${JSON.stringify(model)} is ${status}; only READY versions are served.`,
  );
}

/** A word as a shell takes it for one. */
export function shellWord(word: string): string {
  return /^[\w.-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
