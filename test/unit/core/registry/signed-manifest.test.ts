import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ManifestDraft, manifestText, readManifest } from '../../../../core/registry/manifest.ts';
import { verifiedManifest, verifyVersions } from '../../../../core/registry/manifest-trust.ts';
import type { ModelVersion } from '../../../../core/registry/model-version.ts';
import {
  keyFingerprint,
  type ManifestSigner,
  type SignedManifest,
  signManifest,
  verifyManifest,
} from '../../../../core/registry/signed-manifest.ts';
import { singleVersionRegistry } from '../../../../core/registry/single-version.ts';
import { VerifiedRegistry } from '../../../../core/registry/verified-registry.ts';

const DIGEST = 'ab'.repeat(32);

const draft: ManifestDraft = {
  modelId: 'id-1',
  version: '7',
  artifact: { digest: DIGEST, size: 10 },
  description: {
    irVersion: 10,
    opsets: { 'ai.onnx': 21 },
    producer: 'skl2onnx 1.20.0',
    operators: ['Add'],
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 4] }],
  },
  runtime: 'onnxruntime-node 1.30.0',
  measured: { openMs: 12.5, p50Ms: 0.25, peakBytes: 1e8, shapes: { x: [1, 4] } },
  lineage: { source: 'models:/m-1', author: undefined, runId: 'r' },
  admittedAt: '2026-11-25T04:00:00.000Z',
};

/** A key of the same kind as KMS keeps. */
function newSigner(): { readonly signer: ManifestSigner; readonly fingerprint: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return {
    fingerprint: keyFingerprint(spki),
    signer: {
      sign: async (digest) => {
        expect(digest).toHaveLength(32);
        // Node hashes what it signs; the text of that digest is the draft's.
        return {
          signature: sign('sha256', Buffer.from(manifestText(draft)), privateKey).toString('base64'),
          publicKey: spki.toString('base64'),
        };
      },
    },
  };
}

const { signer, fingerprint } = newSigner();
const signed = await signManifest(draft, signer);
const version = {
  model: 'credit',
  version: '7',
  status: 'READY',
  artifact: draft.artifact,
  description: draft.description,
  createdAt: '2026-11-25T03:00:00.000Z',
  modelId: 'id-1',
  manifest: signed,
} satisfies ModelVersion;

const refused = expect.objectContaining({ code: 'SIGNATURE_INVALID', statusCode: 503, retryable: false });

describe('a manifest', () => {
  it('is the same text whatever the order of its fields, without what is not known', () => {
    const turned = Object.fromEntries(Object.entries(draft).reverse()) as unknown as ManifestDraft;
    expect(manifestText(turned)).toBe(manifestText(draft));
    expect(manifestText(draft)).toMatch(
      /^\{"admittedAt":.*"lineage":\{"runId":"r","source":"models:\/m-1"\}/,
    );
  });

  it('comes back from its text', () => {
    const { author: _, ...lineage } = draft.lineage;
    expect(readManifest(manifestText(draft))).toEqual({ ...draft, lineage, form: 'strata.manifest/1' });
  });

  it.each(['', '{', '[]', '{"form":"strata.manifest/2"}', manifestText(draft).replace(DIGEST, 'x')])(
    'is not read from %j',
    (text) => {
      expect(readManifest(text)).toBeUndefined();
    },
  );
});

describe('a signed manifest', () => {
  it('verifies with the fingerprint of its key alone', () => {
    expect(verifyManifest(signed, ['another', fingerprint])).toEqual(readManifest(signed.text));
  });

  it('does not verify once any bit of text or signature is another', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('text', 'signature' as const),
        fc.nat(),
        fc.integer({ min: 0, max: 6 }),
        (part, at, bit) => {
          const bytes = Buffer.from(signed[part], part === 'text' ? 'utf8' : 'base64');
          const index = at % bytes.length;
          bytes[index] = (bytes[index] as number) ^ (1 << bit);
          const changed: SignedManifest = {
            ...signed,
            [part]: bytes.toString(part === 'text' ? 'utf8' : 'base64'),
          };
          expect(() => verifyManifest(changed, [fingerprint])).toThrow(refused);
        },
      ),
    );
  });

  it('does not verify with a key that is not trusted, though its own signature is right', async () => {
    const other = newSigner();
    const forged = await signManifest(draft, other.signer);
    expect(verifyManifest(forged, [other.fingerprint])).toBeDefined();
    expect(() => verifyManifest(forged, [fingerprint])).toThrow(refused);
  });

  it('does not verify where no key is trusted', () => {
    expect(() => verifyManifest(signed, [])).toThrow(refused);
  });

  it('does not verify when the key beside it is none, whatever is trusted', () => {
    const publicKey = Buffer.from('no key').toString('base64');
    const trusted = keyFingerprint(Buffer.from('no key'));
    expect(() => verifyManifest({ ...signed, publicKey }, [trusted])).toThrow(refused);
  });
});

describe('a version', () => {
  it('passes when the registry says of it what was signed', () => {
    expect(verifiedManifest(version, [fingerprint])).toMatchObject({ version: '7', modelId: 'id-1' });
  });

  it.each<[what: string, changes: Partial<ModelVersion>]>([
    ['without a manifest', { manifest: undefined }],
    ['with the manifest of another version', { version: '8' }],
    ['with the manifest of another model', { modelId: 'id-2' }],
    ['with other bytes', { artifact: { digest: 'cd'.repeat(32), size: 10 } }],
    ['with other files', { artifact: { ...draft.artifact, files: [] } }],
    ['with other inputs', { description: { ...draft.description, inputs: [] } }],
  ])('is refused %s', (_, changes) => {
    const verify = verifyVersions([fingerprint]);
    verify(version);
    expect(() => verify({ ...version, ...changes } as ModelVersion)).toThrow(refused);
  });
});

describe('a registry of which the versions are verified', () => {
  it('gives what a trusted key signed, and nothing else', async () => {
    const of = (key: string) => new VerifiedRegistry(singleVersionRegistry(version), verifyVersions([key]));
    expect(await of(fingerprint).resolve('credit')).toBe(version);
    await expect(of(newSigner().fingerprint).resolve('credit')).rejects.toEqual(refused);
  });
});
