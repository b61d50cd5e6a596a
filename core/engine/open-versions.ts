import type { ModelVersion } from '../registry/model-version.ts';

/** Which versions of each model are open in this process, the one that was used last at the end. */
export class OpenVersions {
  readonly #byModel = new Map<string, readonly ModelVersion[]>();

  used(version: ModelVersion): void {
    const versions = this.#byModel.get(version.model) ?? [];
    const last = versions.at(-1);
    if (last && isSame(last, version)) return;
    this.#byModel.set(version.model, [...versions.filter((other) => !isSame(other, version)), version]);
  }

  /** The session over the bytes with this digest is gone. */
  closed(digest: string): void {
    for (const [model, versions] of this.#byModel) {
      const left = versions.filter(({ artifact }) => artifact.digest !== digest);
      if (left.length > 0) this.#byModel.set(model, left);
      else this.#byModel.delete(model);
    }
  }

  /** The version that answered last. */
  latest(model: string): ModelVersion | undefined {
    return this.#byModel.get(model)?.at(-1);
  }

  /** Whether the bytes are those of the version that answered last, or of the one before. */
  isRecent(model: string, digest: string): boolean {
    return (
      this.#byModel
        .get(model)
        ?.slice(-2)
        .some(({ artifact }) => artifact.digest === digest) ?? false
    );
  }
}

function isSame(one: ModelVersion, other: ModelVersion): boolean {
  return one.version === other.version && one.artifact.digest === other.artifact.digest;
}
