import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import * as z from 'zod';
import { eventBridge } from '../../aws/clients.ts';
import { RegistryEventsBus } from '../../aws/registry-events-bus.ts';
import { ENVIRONMENT } from '../../lib/contracts/environment.ts';
import { METRICS } from '../../lib/contracts/metrics.ts';
import { functionMetrics } from '../shared/function-metrics.ts';
import { publishEvents } from './publish-events.ts';

const logger = new Logger({ serviceName: 'publish-events' });
const metrics = functionMetrics('publish-events');
const bus = new RegistryEventsBus(eventBridge(), z.string().min(1).parse(process.env[ENVIRONMENT.eventBus]));

export const handler = middy<DynamoDBStreamEvent, DynamoDBBatchResponse>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .use(logMetrics(metrics))
  .handler(async ({ Records }) => {
    const { response, published, withoutData, stoppedAt, cause } = await publishEvents(Records, bus);
    metrics.addMetric(METRICS.publishedEvents, MetricUnit.Count, published);
    if (withoutData > 0) metrics.addMetric(METRICS.cutEvents, MetricUnit.Count, withoutData);
    logger.info('events published', { published, withoutData });
    if (cause !== undefined) logger.error('events are tried again', { stoppedAt, error: cause as Error });
    return response;
  });
