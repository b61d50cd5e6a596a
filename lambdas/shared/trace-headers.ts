import { randomBytes } from 'node:crypto';
import type { Logger } from '@aws-lambda-powertools/logger';
import type middy from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { continueTrace, formatTraceparent, type NewId } from '../../core/protocol/trace-context.ts';
import { headersOf } from './api-event.ts';

type Middleware = middy.MiddlewareObj<APIGatewayProxyEvent, APIGatewayProxyResult>;

const HEADER = 'traceparent';

const randomId: NewId = (bytes) => randomBytes(bytes).toString('hex');

/**
 * Continues the caller's trace, or begins one: it is in every log line of the request, beside the id that callers get,
 * and in the answer's headers.
 */
export function traceHeaders(logger: Logger, newId: NewId = randomId): Middleware {
  const answers = new WeakMap<object, string>();
  const addHeader: middy.MiddlewareFn<APIGatewayProxyEvent, APIGatewayProxyResult> = (request) => {
    const traceparent = answers.get(request.event);
    if (request.response && traceparent) {
      request.response.headers = { ...request.response.headers, [HEADER]: traceparent };
    }
  };
  return {
    before: ({ event }) => {
      const trace = continueTrace(headersOf(event), newId);
      answers.set(event, formatTraceparent(trace));
      logger.appendKeys({
        request_id: event.requestContext.requestId,
        trace_id: trace.traceId,
        span_id: trace.spanId,
        parent_span_id: trace.parentId,
      });
    },
    after: addHeader,
    onError: addHeader,
  };
}
