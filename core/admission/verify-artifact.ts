import { createHash } from 'node:crypto';
import { UnavailableError } from '../errors.ts';
import type { ArtifactReader } from '../registry/artifact-reader.ts';
import { folderDigest } from '../registry/folder-digest.ts';
import type { Artifact } from '../registry/model-version.ts';

/**
 * Reads every stored byte of an artifact again, and compares it with its digest.
 *
 * @throws UnavailableError `DIGEST_MISMATCH`, `ARTIFACT_UNAVAILABLE`
 */
export async function verifyArtifact(artifact: Artifact, store: ArtifactReader): Promise<void> {
  const { digest, size, files = [{ name: '', digest, size }] } = artifact;
  if (artifact.files && folderDigest(artifact.files) !== digest) throw mismatch(digest);
  for (const file of files) {
    const hash = createHash('sha256');
    for await (const chunk of (await store.open(file)) as AsyncIterable<Uint8Array>) hash.update(chunk);
    if (hash.digest('hex') !== file.digest) throw mismatch(file.digest);
  }
}

function mismatch(digest: string): UnavailableError {
  return new UnavailableError(
    'DIGEST_MISMATCH',
    `The stored bytes of artifact ${digest} are not those that were admitted. Find out what wrote to the store, and register the model again.`,
    { retryable: false },
  );
}
