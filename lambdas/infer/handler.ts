import { Logger } from '@aws-lambda-powertools/logger';
import { apiHandler } from '../shared/api-handler.ts';
import { functionMetrics } from '../shared/function-metrics.ts';
import { readEnvironment } from './environment.ts';
import { inferenceServer } from './inference-server.ts';

const logger = new Logger({ serviceName: 'infer' });
const metrics = functionMetrics('infer');
const server = inferenceServer(readEnvironment(process.env), { logger, metrics });

export const handler = apiHandler((request, principal) => server.handle(request, principal), {
  logger,
  metrics,
});
