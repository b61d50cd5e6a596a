import { AccessRulesTable } from '../../aws/access-rules-table.ts';
import { ArtifactsBucket } from '../../aws/artifacts-bucket.ts';
import { dynamoDb, s3, s3Signer } from '../../aws/clients.ts';
import { ExchangeBucket } from '../../aws/exchange-bucket.ts';
import { ExchangeUrls } from '../../aws/exchange-urls.ts';
import { RegistryTable } from '../../aws/registry-table.ts';
import type { InferEnvironment } from './environment.ts';
import type { InferPorts } from './inference-server.ts';

/** Models, rules and large tensors, where the stack keeps them. */
export function awsPorts({ registryTable, artifactsBucket, exchange }: InferEnvironment): InferPorts {
  const table = dynamoDb();
  return {
    registry: new RegistryTable(table, registryTable),
    rules: new AccessRulesTable(table, registryTable),
    artifacts: new ArtifactsBucket(s3(), artifactsBucket),
    exchange: exchange && new ExchangeBucket(s3(), new ExchangeUrls(s3Signer(), exchange)),
  };
}
