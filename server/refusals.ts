import { InvalidInputError } from '../core/errors.ts';
import type { FoundFile } from './find-models.ts';

type Stamped = Pick<FoundFile, 'path' | 'stamp'>;

interface Refusal {
  readonly stamp: string;
  readonly attempts: number;
  /** Looks at the file until it is tried again. */
  looks: number;
}

/** Between two attempts with a file, in looks: doubled up to this. */
const MOST_LOOKS = 64;

/** Files that could not be served: those that are wrong until they change, and others, which are tried again ever less often. */
export class Refusals {
  readonly #refusals = new Map<string, Refusal>();

  /** Whether the file is not worth another attempt at this look. */
  holds({ path, stamp }: Stamped): boolean {
    const refusal = this.#refusals.get(path);
    if (refusal?.stamp !== stamp) return false;
    refusal.looks -= 1;
    return refusal.looks > 0;
  }

  /** @returns whether it is news */
  note({ path, stamp }: Stamped, error: unknown): boolean {
    const known = this.#refusals.get(path);
    const isNews = known?.stamp !== stamp;
    const attempts = isNews ? 1 : known.attempts + 1;
    const looks = isWrong(error) ? Number.POSITIVE_INFINITY : Math.min(2 ** attempts, MOST_LOOKS);
    this.#refusals.set(path, { stamp, attempts, looks });
    return isNews;
  }

  delete(path: string): void {
    this.#refusals.delete(path);
  }
}

/** Whether the file itself is wrong. A file system that failed says nothing about the file. */
function isWrong(error: unknown): boolean {
  if (!(error instanceof InvalidInputError) || error.retryable) return false;
  return !(error.cause instanceof Error && 'syscall' in error.cause);
}
