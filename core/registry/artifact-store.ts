import type { ArtifactReader } from './artifact-reader.ts';
import type { Artifact } from './model-version.ts';

/** Keeps artifacts by digest. What is stored once is never written again. */
export interface ArtifactStore extends ArtifactReader {
  /**
   * Stores a file unless the store already has it.
   *
   * @param path the file; its bytes must still have the digest and size of `artifact` when they are sent
   * @param onProgress told how many bytes are stored so far
   * @returns whether the store has it now for the first time
   * @throws InvalidInputError `FILE_CHANGED` when the file is not the one that was described; nothing is stored then
   * @throws UnavailableError `ARTIFACT_UNAVAILABLE`
   */
  put(
    artifact: Artifact,
    path: string,
    onProgress?: (bytes: number) => void,
  ): Promise<'created' | 'already there'>;
}
