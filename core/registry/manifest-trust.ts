import { isDeepStrictEqual } from 'node:util';
import type { Manifest } from './manifest.ts';
import type { ModelVersion } from './model-version.ts';
import { signatureInvalid, verifyManifest } from './signed-manifest.ts';

/** Lets a version pass, or throws UnavailableError `SIGNATURE_INVALID`. */
export type VerifyVersion = (version: ModelVersion) => void;

/**
 * Who serves models knows by this that a version was admitted: its manifest is signed by a trusted key, and says of this
 * very version what the registry says of it.
 *
 * @param trusted fingerprints of the keys that may sign
 */
export function verifyVersions(trusted: readonly string[]): VerifyVersion {
  const passed = new WeakSet<ModelVersion>();
  return (version) => {
    if (passed.has(version)) return;
    verifiedManifest(version, trusted);
    passed.add(version);
  };
}

/**
 * The manifest of a version, verified.
 * @throws UnavailableError `SIGNATURE_INVALID`
 */
export function verifiedManifest(version: ModelVersion, trusted: readonly string[]): Manifest {
  if (version.manifest === undefined) throw signatureInvalid('it has no signed manifest');
  const manifest = verifyManifest(version.manifest, trusted);
  const { modelId, artifact, description } = version;
  const agrees =
    manifest.version === version.version &&
    manifest.modelId === modelId &&
    isDeepStrictEqual(manifest.artifact, artifact) &&
    isDeepStrictEqual(manifest.description, description);
  if (!agrees) throw signatureInvalid('its manifest is of another version');
  return manifest;
}
