import { randomUUID } from 'node:crypto';
import type { Logger } from '@aws-lambda-powertools/logger';
import type { Metrics } from '@aws-lambda-powertools/metrics';
import { ArtifactsBucket } from '../../aws/artifacts-bucket.ts';
import { dynamoDb, s3 } from '../../aws/clients.ts';
import { RegistryTable } from '../../aws/registry-table.ts';
import { RecordServer } from '../../core/protocol/record-server.ts';
import type { ArtifactReader } from '../../core/registry/artifact-reader.ts';
import type { RegistryReader } from '../../core/registry/registry-reader.ts';
import { logEngine, measureEngine } from './engine-events.ts';
import type { RecordEnvironment } from './record-environment.ts';
import { servedModels } from './served-models.ts';

/** Share of the function's memory that the inputs of one run may take, at the eight bytes of the largest elements. */
const INPUT_MEMORY_SHARE = 1 / 32;
const BYTES_PER_ELEMENT = 8;

export interface RecordPorts {
  readonly registry: RegistryReader;
  readonly artifacts: ArtifactReader;
}

/** Answers records with the model of the environment, from the registry on AWS unless given. */
export function recordServer(
  environment: RecordEnvironment,
  { logger, metrics }: { readonly logger: Logger; readonly metrics: Metrics },
  { registry, artifacts }: RecordPorts = awsPorts(environment),
): RecordServer {
  const { aliasMaxAgeMs, memoryMegabytes, model, version, trustedKeys } = environment;
  const models = servedModels({
    registry,
    artifacts,
    aliasMaxAgeMs,
    memoryMegabytes,
    pinned: [model],
    trustedKeys,
    onEvent: (event) => {
      measureEngine(event, metrics);
      logEngine(event, logger);
    },
  });
  const inputBytes = memoryMegabytes * 1024 * 1024 * INPUT_MEMORY_SHARE;
  return new RecordServer({
    ...models,
    model,
    version,
    maxElements: Math.floor(inputBytes / BYTES_PER_ELEMENT),
    newId: randomUUID,
  });
}

function awsPorts({ registryTable, artifactsBucket }: RecordEnvironment): RecordPorts {
  return {
    registry: new RegistryTable(dynamoDb(), registryTable),
    artifacts: new ArtifactsBucket(s3(), artifactsBucket),
  };
}
