import { Command } from 'commander';
import { ArtifactsBucket } from '../aws/artifacts-bucket.ts';
import { dynamoDb, s3 } from '../aws/clients.ts';
import { RegistryTable } from '../aws/registry-table.ts';
import { verifyArtifact } from '../core/admission/verify-artifact.ts';
import { InvalidInputError } from '../core/errors.ts';
import type { Manifest } from '../core/registry/manifest.ts';
import { verifiedManifest } from '../core/registry/manifest-trust.ts';
import { splitTarget } from './promote.ts';
import { byteSize } from './table.ts';
import { type AccountTarget, findAccount, type TargetOptions, withTargetOptions } from './target.ts';
import { print, type Terminal } from './terminal.ts';

interface VerifyOptions extends TargetOptions {
  readonly key?: string;
}

export function verifyCommand(terminal: Terminal): Command {
  return withTargetOptions(new Command('verify'))
    .description('check the signature of a version, and every byte of its files, from here')
    .argument('<model@version>', 'name of the model, and a version number or an alias that points at it')
    .option(
      '--key <fingerprint>',
      'fingerprint of the signing key, instead of the one that the deployment names',
    )
    .action(async (target: string, options: VerifyOptions) => {
      const account = await findAccount(options, terminal);
      const manifest = await verify(target, account, options.key);
      print(terminal, options.json, { verified: true, manifest }, told(target, manifest));
    });
}

/**
 * @throws UnavailableError `SIGNATURE_INVALID`, `DIGEST_MISMATCH`, `ARTIFACT_UNAVAILABLE`
 * @throws InvalidInputError `NO_TRUSTED_KEY`
 */
async function verify(
  target: string,
  { deployment, aws }: AccountTarget,
  key: string | undefined,
): Promise<Manifest> {
  const trusted = key ?? deployment.trustedKeys;
  if (trusted === undefined) {
    throw new InvalidInputError(
      'NO_TRUSTED_KEY',
      'The deployment names no key that signs its versions; give the fingerprint of one with --key.',
    );
  }
  const { model, version: wanted } = splitTarget(target);
  const registry = new RegistryTable(dynamoDb(aws), deployment.registryTable);
  const version = await registry.resolve(model, wanted);
  const manifest = verifiedManifest(version, trusted.split(','));
  await verifyArtifact(manifest.artifact, new ArtifactsBucket(s3(aws), deployment.artifactsBucket));
  return manifest;
}

function told(target: string, { artifact, runtime, measured, golden, admittedAt }: Manifest): string {
  const files = artifact.files?.length ?? 1;
  const lines = [
    `${target} is what was admitted: the signature is of a trusted key, and all bytes are the same`,
    `  sha256    ${artifact.digest} (${byteSize(artifact.size)}, ${files === 1 ? '1 file' : `${files} files`})`,
    `  admitted  ${admittedAt}, ${runtime}`,
    ...(measured
      ? [
          `  measured  p50 ${measured.p50Ms.toFixed(2)} ms, open ${measured.openMs.toFixed(0)} ms, ${byteSize(measured.peakBytes)} of memory`,
        ]
      : []),
    ...(golden ? [`  golden    ${golden.samples} samples, largest difference ${golden.maxAbsolute}`] : []),
  ];
  return lines.join('\n');
}
