import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import type { ProtocolRequest } from '../../core/protocol/http.ts';
import { continueTrace, type NewId } from '../../core/protocol/trace-context.ts';
import type { ApiRequest } from './invocation.ts';

/**
 * Random digits at both ends of random UUIDs, 64 bits of each: Node draws UUIDs from a pool, where other random bytes cost
 * several microseconds each time.
 */
const randomId: NewId = (bytes) => {
  let digits = '';
  while (digits.length < bytes * 2) {
    const uuid = randomUUID();
    digits += uuid.slice(0, 8) + uuid.slice(-8);
  }
  return digits.slice(0, bytes * 2);
};

/** Reads who asks in which trace: it continues the caller's, or begins one. */
export function apiRequest(
  { requestContext }: APIGatewayProxyEvent,
  headers: ProtocolRequest['headers'],
  context: Context,
  isColdStart: boolean,
): ApiRequest {
  const trace = continueTrace(headers, randomId);
  return {
    trace,
    isColdStart,
    logKeys: {
      cold_start: isColdStart,
      function_arn: context.invokedFunctionArn,
      function_memory_size: context.memoryLimitInMB,
      function_name: context.functionName,
      function_request_id: context.awsRequestId,
      request_id: requestContext?.requestId,
      trace_id: trace.traceId,
      span_id: trace.spanId,
      parent_span_id: trace.parentId,
    },
    isCounted: false,
  };
}
