import { Logger } from '@aws-lambda-powertools/logger';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { describe, expect, it, vi } from 'vitest';
import captured from '../../../../events/infer/json-request.json' with { type: 'json' };
import { readEnvironment } from '../../../../lambdas/infer/environment.ts';
import { inferenceServer } from '../../../../lambdas/infer/inference-server.ts';
import { apiHandler } from '../../../../lambdas/shared/api-handler.ts';
import { functionMetrics } from '../../../../lambdas/shared/function-metrics.ts';
import { ENVIRONMENT } from '../../../../lib/contracts/environment.ts';
import { storeWith, versionOf } from '../../../support/models/model-versions.ts';
import '../../../support/own-temporary-folder.ts';
import { registryOf } from '../../core/protocol/in-memory.ts';

const MODELS = ['identity_fp32', 'double', 'identity_int64'];
const context = { awsRequestId: 'invocation', getRemainingTimeInMillis: () => 29_000 } as Context;

function functionOf(models: readonly string[]) {
  const environment = readEnvironment({
    [ENVIRONMENT.registryTable]: 'table',
    [ENVIRONMENT.artifactsBucket]: 'bucket',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769',
  });
  const tools = { logger: new Logger({ logLevel: 'SILENT' }), metrics: functionMetrics('infer') };
  const server = inferenceServer(environment, tools, {
    registry: registryOf(models.map(versionOf)),
    rules: { current: async () => undefined },
    artifacts: storeWith(...models),
  });
  return apiHandler((request, principal) => server.handle(request, principal), tools);
}

function eventFor(index: number): APIGatewayProxyEvent {
  const datatype = index % 3 === 2 ? 'INT64' : 'FP32';
  const input = { name: 'x', datatype, shape: [1, 2], data: [index, index + 1] };
  return {
    ...(captured as unknown as APIGatewayProxyEvent),
    path: `/v2/models/${MODELS[index % 3]}/infer`,
    body: JSON.stringify({ id: `request-${index}`, inputs: [input] }),
    isBase64Encoded: false,
    requestContext: { ...captured.requestContext, requestId: `gateway-${index}` } as never,
  };
}

describe('200 invocations of one instance at the same time', () => {
  it('get each its own answer, of its own model, from the first one on', async () => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const handler = functionOf(MODELS);
    const indices = Array.from({ length: 200 }, (_, index) => index);
    const answers = await Promise.all(indices.map((index) => handler(eventFor(index), context)));
    for (const [index, { statusCode, body, headers }] of answers.entries()) {
      const factor = index % 3 === 1 ? 2 : 1;
      expect(statusCode).toBe(200);
      expect(JSON.parse(body)).toMatchObject({
        id: `request-${index}`,
        model_name: MODELS[index % 3],
        outputs: [{ data: [factor * index, factor * (index + 1)] }],
      });
      expect(headers?.['x-prediction-id']).toBe(JSON.parse(body).parameters.prediction_id);
    }
    expect(new Set(answers.map(({ headers }) => headers?.['x-prediction-id'])).size).toBe(200);
  });
});
