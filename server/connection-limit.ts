import { readFileSync } from 'node:fs';

/** More connections than one process can answer. */
const MOST = 4096;
/** Files that are kept for models, libraries and threads. */
const RESERVE = 128;

/**
 * How many connections a process may take and still open its own files.
 *
 * @param files that it may have open; undefined where nobody says
 */
export function connectionLimit(files: number | undefined = fileLimit()): number {
  if (files === undefined) return MOST;
  return Math.max(1, Math.min(MOST, files - Math.min(RESERVE, Math.ceil(files / 2))));
}

/** @returns undefined without a limit, and where the system does not tell it in a file */
function fileLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
