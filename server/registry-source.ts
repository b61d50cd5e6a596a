import { AccessRulesTable } from '../aws/access-rules-table.ts';
import { ArtifactsBucket } from '../aws/artifacts-bucket.ts';
import { type AwsTarget, dynamoDb, s3 } from '../aws/clients.ts';
import { RegistryTable } from '../aws/registry-table.ts';
import { CachedAccessRules } from '../core/access/cached-access-rules.ts';
import type { DigestMismatch } from '../core/engine/engine-event.ts';
import { ModelFiles } from '../core/engine/model-files.ts';
import { CachedRegistryReader } from '../core/registry/cached-registry-reader.ts';
import type { ModelSource } from './model-server.ts';

/** Where a deployment keeps its models. */
export interface RegistryLocation {
  readonly registryTable: string;
  readonly artifactsBucket: string;
  /** @default - what the environment says */
  readonly aws?: AwsTarget;
  /** For how long an alias that was read is used without reading it again, in milliseconds. @default 10000 */
  readonly aliasMaxAgeMs?: number;
}

/** The models of a deployment, by its registry and its access rules; files are fetched when they are asked for. */
export function registrySource(
  { registryTable, artifactsBucket, aws = {}, aliasMaxAgeMs = 10_000 }: RegistryLocation,
  { directory, onMismatch }: { directory: string; onMismatch: (event: DigestMismatch) => void },
): ModelSource {
  const table = dynamoDb(aws);
  const freshness = { maxAgeMs: aliasMaxAgeMs, now: () => performance.now() };
  const files = new ModelFiles({
    artifacts: new ArtifactsBucket(s3(aws), artifactsBucket),
    directory,
    onMismatch,
  });
  return {
    registry: new CachedRegistryReader(new RegistryTable(table, registryTable), freshness),
    rules: new CachedAccessRules(new AccessRulesTable(table, registryTable), freshness),
    locate: (artifact) => files.use(artifact, async () => new Map()),
  };
}
