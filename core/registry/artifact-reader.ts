import type { Readable } from 'node:stream';
import type { Artifact } from './model-version.ts';

/** Opens the stored bytes of an artifact. The reader does not trust them: whoever loads a model verifies the digest. */
export interface ArtifactReader {
  /** @throws UnavailableError `ARTIFACT_UNAVAILABLE` when the store has no such object or does not answer. */
  open(artifact: Artifact): Promise<Readable>;
}
