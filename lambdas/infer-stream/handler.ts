import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import * as z from 'zod';
import { kinesis } from '../../aws/clients.ts';
import { ENVIRONMENT } from '../../lib/contracts/environment.ts';
import { functionMetrics } from '../shared/function-metrics.ts';
import { readRecordEnvironment } from '../shared/record-environment.ts';
import { countRecords } from '../shared/record-metrics.ts';
import { recordServer } from '../shared/record-server.ts';
import { withinTime } from '../shared/remaining-time.ts';
import { inferStream } from './infer-stream.ts';
import { ResultsStream } from './results-stream.ts';

const logger = new Logger({ serviceName: 'infer-stream' });
const metrics = functionMetrics('infer-stream');
const server = recordServer(readRecordEnvironment(process.env), { logger, metrics });
const results = new ResultsStream(kinesis(), z.string().min(1).parse(process.env[ENVIRONMENT.resultsStream]));

export const handler = middy<KinesisStreamEvent, KinesisStreamBatchResponse>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .use(logMetrics(metrics))
  .handler(async ({ Records }, context) => {
    const tools = { server, results, requestId: context.awsRequestId };
    const outcome = await withinTime(context, () => inferStream(Records, tools));
    const { records, rejected, cause } = outcome;
    countRecords({ records, rejected }, metrics);
    logger.info('records answered', { records, rejected });
    if (cause !== undefined) logger.error('records are tried again', { error: cause as Error });
    return outcome.response;
  });
