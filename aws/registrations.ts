import { setTimeout } from 'node:timers/promises';
import { admittedRegistrations } from '../core/admission/admitted-registrations.ts';
import type { RegistryWriter } from '../core/registry/registry-writer.ts';
import type { Deployment } from '../lib/contracts/deployment.ts';
import { ArtifactsBucket } from './artifacts-bucket.ts';
import { type AwsTarget, dynamoDb, s3 } from './clients.ts';
import { RegistryTable } from './registry-table.ts';

/** Registers versions in a deployment: through its admission, where it has one. */
export function registrations(
  deployment: Pick<Deployment, 'registryTable' | 'artifactsBucket' | 'trustedKeys'>,
  aws: AwsTarget,
): Pick<RegistryWriter, 'registerVersion'> {
  const registry = new RegistryTable(dynamoDb(aws), deployment.registryTable);
  if (deployment.trustedKeys === undefined) return registry;
  const artifacts = new ArtifactsBucket(s3(aws), deployment.artifactsBucket);
  return admittedRegistrations({ registry, artifacts, sleep: (milliseconds) => setTimeout(milliseconds) });
}
