import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { ArtifactsBucket } from '../../aws/artifacts-bucket.ts';
import { dynamoDb, kms, s3 } from '../../aws/clients.ts';
import { KmsManifestSigner } from '../../aws/manifest-signer.ts';
import { RegistryTable } from '../../aws/registry-table.ts';
import { VersionFilesInS3 } from '../../aws/version-files.ts';
import { runtimeName } from '../../core/engine/load-runtime.ts';
import { type AdmissionEvent, type AdmissionResult, handleAdmission } from './admission.ts';
import { readAdmissionEnvironment } from './environment.ts';

const logger = new Logger({ serviceName: 'admit-version' });
const environment = readAdmissionEnvironment(process.env);
const { artifactsBucket, stagingBucket, endpoint, pendingLimitMs } = environment;
const ports = {
  registry: new RegistryTable(dynamoDb(), environment.registryTable),
  files: new VersionFilesInS3({ client: s3(), artifactsBucket, stagingBucket }),
  artifacts: new ArtifactsBucket(s3(), artifactsBucket),
  signer: new KmsManifestSigner(kms(), environment.signingKey),
  endpoint,
  pendingLimitMs,
  now: () => new Date(),
};

export const handler = middy<AdmissionEvent, AdmissionResult>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .handler(async (event) => {
    const result = await handleAdmission(event, { ...ports, runtime: await runtimeName() });
    logger.info('admission', { event, result });
    return result;
  });
