import { relative, resolve } from 'node:path';

/** Root of the checkout. */
export const PROJECT = resolve(import.meta.dirname, '..');

/** What survives runs and may be deleted at any time: the emulator's installation, logs. */
export const CACHE = resolve(PROJECT, '.cache');

/** Held by the one `npm start` of the checkout. */
export const START_LOCK = resolve(CACHE, 'start.lock');

export const LOGS = resolve(CACHE, 'logs');

/** Path of a tool that is installed with the project. */
export function installedTool(name: string): string {
  return resolve(PROJECT, 'node_modules', '.bin', name);
}

/** A path as a person in the checkout would write it. */
export function shownPath(path: string): string {
  return relative(PROJECT, path) || '.';
}
