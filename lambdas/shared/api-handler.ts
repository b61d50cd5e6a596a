import type { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Principal } from '../../core/access/principal.ts';
import { INTERNAL_ERROR } from '../../core/errors.ts';
import type { ProtocolRequest, ProtocolResponse } from '../../core/protocol/http.ts';
import { METRICS } from '../../lib/contracts/metrics.ts';
import { fromProtocolResponse, principalOf, toProtocolRequest } from './api-event.ts';
import { coldStarts } from './cold-starts.ts';
import { countFailure } from './request-outcome.ts';
import { traceHeaders } from './trace-headers.ts';

export interface ApiHandlerTools {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * A function behind the gateway. Middlewares run in this order before the core, and backwards after it:
 * 1. logger: the request id is in every line;
 * 2. trace: its ids are in every line and in the answer, be it an error or not;
 * 3. metrics: written out once per request, with what the core and the error handler counted;
 * 4. errors: registered last, so that it sees a failure first and the others see a response.
 */
export function apiHandler(
  core: (request: ProtocolRequest, principal: Principal) => Promise<ProtocolResponse>,
  { logger, metrics }: ApiHandlerTools,
) {
  const isColdStart = coldStarts();
  return middy<APIGatewayProxyEvent, APIGatewayProxyResult>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(traceHeaders(logger))
    .use(logMetrics(metrics))
    .use({ onError: neutralError({ logger, metrics }) })
    .handler(async (event) => {
      metrics.addMetric(METRICS.requests, MetricUnit.Count, 1);
      metrics.addMetric(METRICS.coldStart, MetricUnit.Count, isColdStart() ? 1 : 0);
      const request = toProtocolRequest(event);
      const response = await core(request, principalOf(event));
      if (response.errorCode !== undefined) {
        const { method, path } = request;
        const { status, errorCode: code } = response;
        countFailure({ status, code, method, path }, { logger, metrics });
      }
      return fromProtocolResponse(response);
    });
}

/** The core answers errors itself; what still gets here is a fault of ours, and callers learn nothing of it. */
function neutralError({
  logger,
  metrics,
}: ApiHandlerTools): middy.MiddlewareFn<APIGatewayProxyEvent, APIGatewayProxyResult> {
  return function answerNeutrally(request) {
    const { event } = request;
    logger.error('unexpected error', { error: request.error });
    const failed = {
      status: 500,
      code: INTERNAL_ERROR.error_code,
      method: event.httpMethod,
      path: event.path,
    };
    countFailure(failed, { logger, metrics });
    request.response = {
      statusCode: 500,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...INTERNAL_ERROR, request_id: event.requestContext?.requestId }),
      isBase64Encoded: false,
    };
  };
}
