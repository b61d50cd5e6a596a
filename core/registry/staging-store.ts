/** What lies directly in a folder. */
export interface FolderListing {
  readonly files: readonly { readonly name: string; readonly size: number }[];
  readonly folders: readonly string[];
}

/** One part of an upload, as S3 confirmed it. */
export interface UploadedPart {
  readonly number: number;
  readonly etag: string;
}

export interface StartedUpload {
  readonly id: string;
  /** One for each part, in order. */
  readonly urls: readonly string[];
}

/**
 * Keeps the files that clients push. What is large goes between client and store by signed URLs, each good for one object.
 * Every method may fail with UnavailableError `STAGING_UNAVAILABLE`.
 */
export interface StagingStore {
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** @returns undefined when there is no such file */
  size(key: string): Promise<number | undefined>;
  list(folder: string): Promise<FolderListing>;
  /** A URL that takes one PUT of so many bytes. */
  signUpload(key: string, bytes: number): Promise<string>;
  signDownload(key: string): Promise<string>;
  startUpload(key: string, parts: number): Promise<StartedUpload>;
  /** @throws InvalidInputError `INVALID_UPLOAD` when there is no such upload, or parts of it are missing */
  completeUpload(key: string, id: string, parts: readonly UploadedPart[]): Promise<void>;
  /** Does nothing when there is no such upload. */
  abortUpload(key: string, id: string): Promise<void>;
  /**
   * Copies every file below a folder, inside the store.
   * @returns how many there are
   */
  copyFolder(from: string, to: string): Promise<number>;
}
