import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import type { ManifestSigner, SignedManifest } from '../core/registry/signed-manifest.ts';
import { orUnavailable } from './unavailable.ts';

/** Signs with an asymmetric key of KMS (ECC_NIST_P256). The public half is asked for once. */
export class KmsManifestSigner implements ManifestSigner {
  #publicKey: string | undefined;

  constructor(
    private readonly client: KMSClient,
    /** ARN or id of the key. */
    private readonly key: string,
  ) {}

  async sign(digest: Uint8Array): Promise<Omit<SignedManifest, 'text'>> {
    try {
      const publicKey = await this.publicKey();
      const { Signature = new Uint8Array() } = await this.client.send(
        new SignCommand({
          KeyId: this.key,
          Message: digest,
          MessageType: 'DIGEST',
          SigningAlgorithm: 'ECDSA_SHA_256',
        }),
      );
      return { signature: Buffer.from(Signature).toString('base64'), publicKey };
    } catch (error) {
      throw orUnavailable(error, 'SIGNING_UNAVAILABLE', SILENT);
    }
  }

  /** SubjectPublicKeyInfo, DER, in base64. */
  async publicKey(): Promise<string> {
    if (this.#publicKey !== undefined) return this.#publicKey;
    const { PublicKey = new Uint8Array() } = await this.client.send(
      new GetPublicKeyCommand({ KeyId: this.key }),
    );
    this.#publicKey = Buffer.from(PublicKey).toString('base64');
    return this.#publicKey;
  }
}

const SILENT = 'The key that signs manifests does not answer at the moment; try again in a few seconds.';
