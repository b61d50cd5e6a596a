import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { UnavailableError } from '../errors.ts';
import { type Manifest, type ManifestDraft, manifestText, readManifest } from './manifest.ts';

/** A manifest with the proof of who wrote it; whoever has it and knows the key's fingerprint can verify it offline. */
export interface SignedManifest {
  /** Canonical JSON: the very bytes that were signed, as UTF-8. */
  readonly text: string;
  /** ECDSA over SHA-256 of the text, DER, in base64. */
  readonly signature: string;
  /** The key that verifies the signature: SubjectPublicKeyInfo, DER, in base64. */
  readonly publicKey: string;
}

/** A private key that never leaves where it is kept. */
export interface ManifestSigner {
  /**
   * @param digest SHA-256 of the text
   * @throws UnavailableError `SIGNING_UNAVAILABLE`
   */
  sign(digest: Uint8Array): Promise<Omit<SignedManifest, 'text'>>;
}

/** @throws UnavailableError `SIGNING_UNAVAILABLE` */
export async function signManifest(draft: ManifestDraft, signer: ManifestSigner): Promise<SignedManifest> {
  const text = manifestText(draft);
  return { text, ...(await signer.sign(createHash('sha256').update(text).digest())) };
}

/** By which a key is known: SHA-256 of its SubjectPublicKeyInfo, 64 lower-case hex digits. */
export function keyFingerprint(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex');
}

/**
 * What a signed manifest says, once it is known that one of the trusted keys signed these very bytes.
 *
 * @param trusted fingerprints of keys
 * @throws UnavailableError `SIGNATURE_INVALID`
 */
export function verifyManifest(
  { text, signature, publicKey }: SignedManifest,
  trusted: readonly string[],
): Manifest {
  const key = Buffer.from(publicKey, 'base64');
  if (!trusted.includes(keyFingerprint(key))) {
    throw signatureInvalid('its manifest was signed with a key that is not trusted here');
  }
  if (!verify('sha256', Buffer.from(text), ecKey(key), Buffer.from(signature, 'base64'))) {
    throw signatureInvalid('the signature is not of its manifest');
  }
  const manifest = readManifest(text);
  if (manifest === undefined) throw signatureInvalid('its manifest is of a form that is not known here');
  return manifest;
}

function ecKey(key: Buffer): KeyObject {
  try {
    return createPublicKey({ key, format: 'der', type: 'spki' });
  } catch (cause) {
    throw signatureInvalid('the key beside its manifest is none', cause);
  }
}

/** @param what completes "... was not opened: ..." */
export function signatureInvalid(what: string, cause?: unknown): UnavailableError {
  return new UnavailableError(
    'SIGNATURE_INVALID',
    `The version was not opened: ${what}. Register the model again; if nobody changed the signing key, find out who ` +
      'wrote to the registry.',
    { cause, retryable: false },
  );
}
