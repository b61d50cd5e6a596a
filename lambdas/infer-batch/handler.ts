import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import { functionMetrics } from '../shared/function-metrics.ts';
import { readRecordEnvironment } from '../shared/record-environment.ts';
import { countRecords } from '../shared/record-metrics.ts';
import { recordServer } from '../shared/record-server.ts';
import { withinTime } from '../shared/remaining-time.ts';
import { type BatchEvent, type BatchResult, inferBatch } from './infer-batch.ts';

const logger = new Logger({ serviceName: 'infer-batch' });
const metrics = functionMetrics('infer-batch');
const server = recordServer(readRecordEnvironment(process.env), { logger, metrics });

export const handler = middy<BatchEvent, BatchResult>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .use(logMetrics(metrics))
  .handler(async (event, context) => {
    const result = await withinTime(context, () => inferBatch(event, server, context.awsRequestId));
    countRecords({ records: result.results.length, rejected: result.failed }, metrics);
    logger.info('records answered', { records: result.results.length, failed: result.failed });
    return result;
  });
