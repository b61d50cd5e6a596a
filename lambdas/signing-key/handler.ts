import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { kms } from '../../aws/clients.ts';
import { KmsManifestSigner } from '../../aws/manifest-signer.ts';
import { answerCloudFormation, signingKeyResource } from './signing-key.ts';

const logger = new Logger({ serviceName: 'signing-key' });
const client = kms();

export const handler = middy<CloudFormationCustomResourceEvent, void>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .handler(async (event) => {
    const answer = await signingKeyResource(event, (key) => new KmsManifestSigner(client, key).publicKey());
    if (answer.Status === 'FAILED') logger.error('fingerprint not read', { reason: answer.Reason });
    await answerCloudFormation(event.ResponseURL, answer);
  });
