import { gzipSync } from 'node:zlib';
import { Logger } from '@aws-lambda-powertools/logger';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../../../lambdas/infer/environment.ts';
import { inferenceServer } from '../../../../lambdas/infer/inference-server.ts';
import { functionMetrics } from '../../../../lambdas/shared/function-metrics.ts';
import { ENVIRONMENT } from '../../../../lib/contracts/environment.ts';
import { exchangeBytes, requestBytes } from '../../../../lib/contracts/serving-memory.ts';
import { storeWith, versionOf } from '../../../support/models/model-versions.ts';
import '../../../support/own-temporary-folder.ts';
import { CALLER, registryOf } from '../../core/protocol/in-memory.ts';

const MIB = 1024 * 1024;

/** The server of a function with so much memory, over a registry in memory. */
function serverWith(memoryMegabytes: number) {
  const environment = readEnvironment({
    [ENVIRONMENT.registryTable]: 'table',
    [ENVIRONMENT.artifactsBucket]: 'bucket',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes),
  });
  const tools = { logger: new Logger({ logLevel: 'SILENT' }), metrics: functionMetrics('infer') };
  return inferenceServer(environment, tools, {
    registry: registryOf([versionOf('fixed')]),
    rules: { current: async () => undefined },
    artifacts: storeWith('fixed'),
  });
}

/** Status and code for a body of spaces that is small on the wire. */
async function answerTo(bytes: number, memoryMegabytes: number) {
  const { status, errorCode } = await serverWith(memoryMegabytes).handle(
    {
      method: 'POST',
      path: '/v2/models/fixed/infer',
      headers: { 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(bytes, ' ')),
      requestId: 'request-1',
    },
    CALLER,
  );
  return [status, errorCode];
}

describe('what a function takes in one request', () => {
  it.each([
    [256, 8],
    [512, 16],
    [1769, 32],
    [10_240, 32],
  ])('of %i MiB is a body that grows to %i MiB', async (memory, limit) => {
    expect(await answerTo(limit * MIB, memory)).toEqual([400, 'MALFORMED_JSON']);
    expect(await answerTo(limit * MIB + 1, memory)).toEqual([413, 'REQUEST_TOO_LARGE']);
  });

  it('is by reference a sixteenth of its memory', () => {
    expect(exchangeBytes(1769)).toBe(Math.floor((1769 * MIB) / 16));
    expect(exchangeBytes(10_240)).toBe(640 * MIB);
  });

  it('is by reference more than in its body, so that the exchange is of use', () => {
    for (let memory = 128; memory <= 10_240; memory++) {
      expect(exchangeBytes(memory)).toBeGreaterThan(requestBytes(memory));
    }
  });
});
