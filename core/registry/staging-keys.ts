import type { STAGING_AREAS } from '../../lib/contracts/registry-layout.ts';
import type { Tracked } from './tracking-store.ts';

/**
 * The bucket of what clients push: `drafts/…` is written by them and expires, `versions/<id>/…` is a copy that is made
 * once, when a version is created, and never changes. Keys are made of ids that this registry gave.
 */
const DRAFTS: (typeof STAGING_AREAS)['drafts'] = 'drafts';
const VERSIONS: (typeof STAGING_AREAS)['versions'] = 'versions';

/** Longest key of S3, in bytes. */
const MAX_KEY_BYTES = 1024;

/** Folder of the files of a run or logged model. */
export function draftFolder({ kind, id }: Tracked): string {
  return `${DRAFTS}/${kind === 'run' ? 'runs' : 'models'}/${id}`;
}

/** Folder of the files of a version. */
export function versionFolder(id: string): string {
  return `${VERSIONS}/${id}`;
}

const STORAGE = 'mlflow-artifacts:/';

/** How a version's record names the folder that holds its files. */
export function storageOf(folder: string): string {
  return `${STORAGE}${folder}`;
}

/**
 * The folder in the staging bucket that a version's record names, without a slash at its end.
 * @returns undefined when its files lie elsewhere
 */
export function folderOfStorage(storage: string | undefined): string | undefined {
  const folder = storage?.startsWith(STORAGE) ? storage.slice(STORAGE.length) : undefined;
  return folder !== undefined && /^versions\/[\w-]+$/.test(folder) ? folder : undefined;
}

/** Whether S3 can keep something under that key. */
export function isKey(key: string): boolean {
  return Buffer.byteLength(key) <= MAX_KEY_BYTES;
}
