import type { Readable } from 'node:stream';

/** A file of a version, as its author pushed it. */
export interface VersionFile {
  /** Relative to the folder of the version, with forward slashes. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
}

/** The files of versions that are not admitted yet, where their records say that they are. */
export interface VersionFiles {
  /**
   * @param storage as in the version's record
   * @throws InvalidInputError `NO_FILES` when the registry keeps no files there
   * @throws UnavailableError `STAGING_UNAVAILABLE`, `ARTIFACT_UNAVAILABLE`
   */
  list(storage: string | undefined): Promise<readonly VersionFile[]>;
  /** @throws UnavailableError `STAGING_UNAVAILABLE`, `ARTIFACT_UNAVAILABLE` */
  open(storage: string | undefined, name: string): Promise<Readable>;
}
