import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { apiHandler } from '../shared/api-handler.ts';
import { functionLogger } from '../shared/function-logger.ts';
import { functionMetrics } from '../shared/function-metrics.ts';
import { isSelfCheck, type SelfCheckEvent, type SelfCheckResult } from '../shared/self-check.ts';
import { awsPorts } from './aws-ports.ts';
import { readEnvironment } from './environment.ts';
import { inferenceServer, inferModels } from './inference-server.ts';
import { prime } from './prime.ts';
import { selfCheck } from './self-check.ts';

const logger = functionLogger('infer');
const metrics = functionMetrics('infer');
const environment = readEnvironment(process.env);
const ports = awsPorts(environment);
const models = inferModels(environment, { logger, metrics }, ports);
const server = inferenceServer(environment, { logger, metrics }, ports, models);
await prime(environment.prime, { ...models, logger });

const answer = apiHandler((request, principal) => server.handle(request, principal), { logger, metrics });

export function handler(event: SelfCheckEvent, context: Context): Promise<SelfCheckResult>;
export function handler(event: APIGatewayProxyEvent, context: Context): Promise<APIGatewayProxyResult>;
export function handler(
  event: APIGatewayProxyEvent | SelfCheckEvent,
  context: Context,
): Promise<APIGatewayProxyResult | SelfCheckResult> {
  return isSelfCheck(event)
    ? selfCheck({
        server,
        ports,
        memoryMegabytes: environment.memoryMegabytes,
        requestId: context.awsRequestId,
      })
    : answer(event, context);
}
