import { Logger } from '@aws-lambda-powertools/logger';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from 'aws-lambda';
import { TokenRefusedError } from '../../aws/bearer-token.ts';
import { tokenVerifier } from '../../aws/token-verifier.ts';
import { METRICS } from '../../lib/contracts/metrics.ts';
import { functionMetrics } from '../shared/function-metrics.ts';
import { countVersionFault } from '../shared/version-fault.ts';
import { authorizeToken } from './authorize-token.ts';
import { readEnvironment } from './environment.ts';

const logger = new Logger({ serviceName: 'authorize' });
const metrics = functionMetrics('authorize');
const { issuer, prefixScopes, cognitoEndpoint } = readEnvironment(process.env);
const verify = tokenVerifier(issuer, cognitoEndpoint);

export const handler = async (event: APIGatewayTokenAuthorizerEvent): Promise<APIGatewayAuthorizerResult> => {
  try {
    return await authorizeToken(event, { issuer, prefixScopes, verify });
  } catch (error) {
    if (!(error instanceof TokenRefusedError)) {
      metrics.addMetric(METRICS.authorizerFailure, MetricUnit.Count, 1);
      countVersionFault(metrics);
      logger.error('token could not be verified', error as Error);
      throw error;
    }
    metrics.addMetric(METRICS.unauthenticated, MetricUnit.Count, 1);
    logger.info('token refused', { reason: error.message });
    // API Gateway answers 401 to this very text, and 500 to any other.
    throw new Error('Unauthorized');
  } finally {
    // Publishing nothing is a warning in the log.
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  }
};
