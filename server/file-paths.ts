/** Where files of versions are on this machine, for as long as somebody may open them. */
export class FilePaths {
  /** By the digest of the version; versions may share files. */
  readonly #ofVersions = new Map<string, ReadonlyMap<string, string>>();

  /** Versions of which paths are held. */
  get size(): number {
    return this.#ofVersions.size;
  }

  /** @param paths by the digests of the files */
  set(version: string, paths: ReadonlyMap<string, string>): void {
    this.#ofVersions.set(version, paths);
  }

  delete(version: string): void {
    this.#ofVersions.delete(version);
  }

  /** @returns the path of a file of any of the versions */
  of(file: string): string | undefined {
    for (const paths of this.#ofVersions.values()) {
      const path = paths.get(file);
      if (path !== undefined) return path;
    }
    return undefined;
  }
}
