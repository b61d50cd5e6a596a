import type { Readable } from 'node:stream';
import { UnavailableError } from '../errors.ts';
import type { Artifact } from './model-version.ts';

/** Opens the stored bytes of an artifact. The reader does not trust them: whoever loads a model verifies the digest. */
export interface ArtifactReader {
  /** @throws UnavailableError `ARTIFACT_UNAVAILABLE` when the store has no such object or does not answer. */
  open(artifact: Artifact): Promise<Readable>;
}

/** The store was reached, may be read, and does not hold the artifact: it was lost, or never uploaded. */
export class ArtifactMissingError extends UnavailableError {
  override readonly name = 'ArtifactMissingError';

  constructor({ digest }: Pick<Artifact, 'digest'>, cause?: unknown) {
    super('ARTIFACT_UNAVAILABLE', `The artifact ${digest} is not stored; register the model again.`, {
      cause,
    });
  }
}
