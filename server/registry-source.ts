import { AccessRulesTable } from '../aws/access-rules-table.ts';
import { ArtifactsBucket } from '../aws/artifacts-bucket.ts';
import { type AwsTarget, dynamoDb, s3 } from '../aws/clients.ts';
import { RegistryTable } from '../aws/registry-table.ts';
import { CachedAccessRules } from '../core/access/cached-access-rules.ts';
import type { DigestMismatch } from '../core/engine/engine-event.ts';
import { ModelFiles } from '../core/engine/model-files.ts';
import { InvalidInputError } from '../core/errors.ts';
import { CachedRegistryReader } from '../core/registry/cached-registry-reader.ts';
import { verifyVersions } from '../core/registry/manifest-trust.ts';
import type { RegistryReader } from '../core/registry/registry-reader.ts';
import { VerifiedRegistry } from '../core/registry/verified-registry.ts';
import type { ModelSource } from './model-server.ts';

/** Where a deployment keeps its models. */
export interface RegistryLocation {
  readonly registryTable: string;
  readonly artifactsBucket: string;
  /** Fingerprints of the keys whose signatures are trusted. Needed, unless versions need no signature. */
  readonly trustedKeys?: readonly string[] | undefined;
  /** Without trusted keys: whoever may write to the table decides what is run here. @default false */
  readonly allowUnsigned?: boolean | undefined;
  /** @default - what the environment says */
  readonly aws?: AwsTarget;
  /** For how long an alias that was read is used without reading it again, in milliseconds. @default 10000 */
  readonly aliasMaxAgeMs?: number;
}

/**
 * The models of a deployment, by its registry and its access rules; files are fetched when they are asked for. Versions
 * that no trusted key signed are refused with 503 `SIGNATURE_INVALID`.
 *
 * @throws InvalidInputError `NO_TRUSTED_KEY`
 */
export function registrySource(
  location: RegistryLocation,
  { directory, onMismatch }: { directory: string; onMismatch: (event: DigestMismatch) => void },
): ModelSource {
  const { registryTable, artifactsBucket, aws = {}, aliasMaxAgeMs = 10_000 } = location;
  const table = dynamoDb(aws);
  const freshness = { maxAgeMs: aliasMaxAgeMs, now: () => performance.now() };
  const files = new ModelFiles({
    artifacts: new ArtifactsBucket(s3(aws), artifactsBucket),
    directory,
    onMismatch,
  });
  const registry = new CachedRegistryReader(new RegistryTable(table, registryTable), freshness);
  return {
    registry: verified(registry, location),
    rules: new CachedAccessRules(new AccessRulesTable(table, registryTable), freshness),
    locate: (artifact) => files.use(artifact, async () => new Map()),
  };
}

function verified(
  registry: RegistryReader,
  { trustedKeys = [], allowUnsigned }: RegistryLocation,
): RegistryReader {
  if (trustedKeys.length > 0) return new VerifiedRegistry(registry, verifyVersions(trustedKeys));
  if (allowUnsigned) return registry;
  throw new InvalidInputError(
    'NO_TRUSTED_KEY',
    'It is not known which key signs the versions of the registry, so none can be verified. Give its fingerprint with --trusted-keys, as the output TrustedSigningKeys of the stack says it; or, where versions are not admitted, --allow-unsigned. In a container: STRATA_TRUSTED_KEYS, STRATA_ALLOW_UNSIGNED=1.',
  );
}
