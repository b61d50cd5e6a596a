import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import type { Principal } from '../../core/access/principal.ts';
import { INTERNAL_ERROR } from '../../core/errors.ts';
import type { ProtocolRequest, ProtocolResponse } from '../../core/protocol/http.ts';
import { formatTraceparent } from '../../core/protocol/trace-context.ts';
import { METRICS } from '../../lib/contracts/metrics.ts';
import { fromProtocolResponse, headersOf, principalOf, toProtocolRequest } from './api-event.ts';
import { apiRequest } from './api-request.ts';
import { coldStarts } from './cold-starts.ts';
import { type ApiRequest, withinInvocation } from './invocation.ts';
import { countFailure } from './request-outcome.ts';

export interface ApiHandlerTools {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** A request as it comes, and what was read of it before anything can fail. */
interface Call {
  readonly event: APIGatewayProxyEvent;
  readonly headers: ProtocolRequest['headers'];
  readonly request: ApiRequest;
}

type Hook = middy.MiddlewareFn<Call, APIGatewayProxyResult>;

/**
 * A function behind the gateway. Whatever becomes of a request, its trace is in the answer and in every line of its log,
 * and its metrics are written out once.
 */
export function apiHandler(
  core: (request: ProtocolRequest, principal: Principal) => Promise<ProtocolResponse>,
  { logger, metrics }: ApiHandlerTools,
): (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult> {
  const isColdStart = coldStarts();
  const answer = middy<Call, APIGatewayProxyResult>()
    .use({
      after: finish(metrics),
      onError: (request) => {
        answerNeutrally(request, { logger, metrics });
        finish(metrics)(request);
      },
    })
    .handler(async ({ event, headers }) => {
      const request = toProtocolRequest(event, headers);
      const response = await core(request, principalOf(event));
      if (response.errorCode !== undefined) {
        const { method, path } = request;
        const { status, errorCode: code } = response;
        countFailure({ status, code, method, path }, { logger, metrics });
      }
      return fromProtocolResponse(response);
    });
  return (event, context) => {
    const headers = headersOf(event);
    const request = apiRequest(event, headers, context, isColdStart());
    return withinInvocation({ context, request }, () => answer({ event, headers, request }, context));
  };
}

/** The trace goes on in the answer, and what was counted is written out. */
function finish(metrics: Metrics): Hook {
  return ({ event: { request }, response }) => {
    if (response?.headers) response.headers['traceparent'] = formatTraceparent(request.trace);
    if (!request.isCounted) {
      metrics.addMetric(METRICS.requests, MetricUnit.Count, 1);
      metrics.addMetric(METRICS.coldStart, MetricUnit.Count, request.isColdStart ? 1 : 0);
    }
    // Publishing nothing is a warning in the log.
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  };
}

/** The core answers errors itself; what still gets here is a fault of ours, and callers learn nothing of it. */
function answerNeutrally(request: Parameters<Hook>[0], { logger, metrics }: ApiHandlerTools): void {
  const { event } = request.event;
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
}
