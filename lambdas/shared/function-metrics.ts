import { Metrics } from '@aws-lambda-powertools/metrics';
import { DIMENSIONS, METRICS_NAMESPACE } from '../../lib/contracts/metrics.ts';

/**
 * The metrics of one function.
 * @param service name of the function's folder
 */
export function functionMetrics(service: string, environment: NodeJS.ProcessEnv = process.env): Metrics {
  const { service: serviceName, ...defaultDimensions } = functionDimensions(service, environment);
  return new Metrics({ namespace: METRICS_NAMESPACE, serviceName, defaultDimensions });
}

/** The dimensions that every metric of a function has: its deployed name keeps two deployments in one account apart. */
export function functionDimensions(service: string, environment: NodeJS.ProcessEnv = process.env) {
  return {
    [DIMENSIONS.service]: service,
    [DIMENSIONS.functionName]: environment['AWS_LAMBDA_FUNCTION_NAME'] ?? 'local',
  } as const;
}
