import type { ModelVersion } from '../registry/model-version.ts';
import { RecentlyUsed } from '../registry/recently-used.ts';

type Version = Pick<ModelVersion, 'artifact'>;

/** Merges of requests that differ, compared with separate runs in all outputs, before a version is trusted. */
const TRIALS = 4;

/** Versions of which is kept what their trials gave. */
const VERSIONS = 1000;

const REFUSED = Number.POSITIVE_INFINITY;

/** Which versions give each row the same result beside other rows as alone, as far as that was tried. */
export class MergeTrials {
  /** Trials still to pass. */
  readonly #left = new RecentlyUsed<string, number>(VERSIONS);

  /** All trials have been passed. */
  trusts({ artifact }: Version): boolean {
    return this.#left.get(artifact.digest) === 0;
  }

  /** One was failed: the version is never merged again. */
  refuses({ artifact }: Version): boolean {
    return this.#left.get(artifact.digest) === REFUSED;
  }

  passed({ artifact }: Version): void {
    this.#left.set(artifact.digest, Math.max(0, (this.#left.get(artifact.digest) ?? TRIALS) - 1));
  }

  failed({ artifact }: Version): void {
    this.#left.set(artifact.digest, REFUSED);
  }
}
