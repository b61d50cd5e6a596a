import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { METRICS, METRICS_NAMESPACE } from '../contracts/metrics';

/**
 * One line of the access log. Addresses and user agents of callers are left out: they are personal, and the authorizer's
 * principal says who called.
 */
export const ACCESS_LOG_FORMAT = apigateway.AccessLogFormat.custom(
  JSON.stringify({
    apiId: '$context.apiId',
    requestId: '$context.requestId',
    traceId: '$context.xrayTraceId',
    time: '$context.requestTime',
    method: '$context.httpMethod',
    path: '$context.path',
    principal: '$context.authorizer.principalId',
    status: '$context.status',
    errorType: '$context.error.responseType',
    authorizerError: '$context.authorizer.error',
    integrationError: '$context.integration.error',
    latency: '$context.responseLatency',
    integrationLatency: '$context.integrationLatency',
    authorizerLatency: '$context.authorizer.latency',
    bytes: '$context.responseLength',
  }),
);

/** Counts what the gateway turns away: API Gateway has no metric of its own for status 429. */
export function countThrottled(scope: Construct, logGroup: logs.ILogGroup): void {
  new logs.MetricFilter(scope, 'ThrottledFilter', {
    logGroup,
    filterPattern: logs.FilterPattern.stringValue('$.status', '=', '429'),
    metricNamespace: METRICS_NAMESPACE,
    metricName: METRICS.throttled,
    metricValue: '1',
    dimensions: { ApiId: '$.apiId' },
  });
}
