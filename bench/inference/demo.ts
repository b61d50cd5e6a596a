import { createReadStream } from 'node:fs';
import type { Context } from 'aws-lambda';
import { describeModel } from '../../core/onnx/describe-model.ts';
import { readModelFile } from '../../core/registry/model-file.ts';
import type { ModelVersion } from '../../core/registry/model-version.ts';
import { singleVersionRegistry } from '../../core/registry/single-version.ts';
import { readEnvironment } from '../../lambdas/infer/environment.ts';
import { type InferPorts, inferenceServer } from '../../lambdas/infer/inference-server.ts';
import { apiHandler } from '../../lambdas/shared/api-handler.ts';
import { functionLogger } from '../../lambdas/shared/function-logger.ts';
import { functionMetrics } from '../../lambdas/shared/function-metrics.ts';

/** The model of the example, as it would be registered. */
export async function demoVersion(file: string, model: string): Promise<ModelVersion> {
  const { artifact, bytes } = await readModelFile(file);
  const description = describeModel(bytes);
  return { model, version: '1', status: 'READY', artifact, description, createdAt: new Date().toISOString() };
}

/** The demo model on this machine's disk, and no access rules. */
export function demoPorts(version: ModelVersion, file: string): InferPorts {
  return {
    registry: singleVersionRegistry(version),
    rules: { current: async () => undefined },
    artifacts: { open: async () => createReadStream(file) },
  };
}

/** The function `infer` as it is deployed, logs and metrics included, but for the table and the bucket behind it. */
export function demoHandler(ports: InferPorts) {
  const logger = functionLogger('infer');
  const metrics = functionMetrics('infer');
  const server = inferenceServer(readEnvironment(process.env), { logger, metrics }, ports);
  return apiHandler((request, principal) => server.handle(request, principal), { logger, metrics });
}

/** What Lambda hands to a handler beside the event, as far as it is read. */
export const CONTEXT = {
  functionName: 'infer',
  functionVersion: '1',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:infer:live',
  memoryLimitInMB: '1769',
  getRemainingTimeInMillis: () => 29_000,
  awsRequestId: '8f5c1a0e-6d0b-4f0e-9a55-3c9a3c0f7b11',
} as Context;
