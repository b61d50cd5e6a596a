import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { apiHandler } from '../shared/api-handler.ts';
import { functionLogger } from '../shared/function-logger.ts';
import { functionMetrics } from '../shared/function-metrics.ts';
import { isSelfCheck, type RegistryCheckResult, type SelfCheckEvent } from '../shared/self-check.ts';
import { readEnvironment } from './environment.ts';
import { registryServer } from './registry-server.ts';
import { selfCheck } from './self-check.ts';

const logger = functionLogger('registry-api');
const metrics = functionMetrics('registry-api');
const server = registryServer(readEnvironment(process.env), logger);

const answer = apiHandler((request, principal) => server.handle(request, principal), { logger, metrics });

export function handler(event: SelfCheckEvent, context: Context): Promise<RegistryCheckResult>;
export function handler(event: APIGatewayProxyEvent, context: Context): Promise<APIGatewayProxyResult>;
export function handler(
  event: APIGatewayProxyEvent | SelfCheckEvent,
  context: Context,
): Promise<APIGatewayProxyResult | RegistryCheckResult> {
  return isSelfCheck(event) ? selfCheck(server, context.awsRequestId) : answer(event, context);
}
