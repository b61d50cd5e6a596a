import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { METRICS_NAMESPACE } from '../../lib/contracts/metrics.ts';
import { apiHandler } from '../shared/api-handler.ts';
import { readEnvironment } from './environment.ts';
import { inferenceServer } from './inference-server.ts';

const logger = new Logger({ serviceName: 'infer' });
const metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName: 'infer' });
const server = inferenceServer(readEnvironment(process.env), { logger, metrics });

export const handler = apiHandler((request, principal) => server.handle(request, principal), {
  logger,
  metrics,
});
