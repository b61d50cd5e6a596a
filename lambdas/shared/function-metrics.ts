import { Metrics } from '@aws-lambda-powertools/metrics';
import { DIMENSIONS, METRICS_NAMESPACE } from '../../lib/contracts/metrics.ts';

/**
 * The metrics of one function. They carry its deployed name, which keeps two deployments in one account apart.
 * @param service name of the function's folder
 */
export function functionMetrics(service: string, environment: NodeJS.ProcessEnv = process.env): Metrics {
  return new Metrics({
    namespace: METRICS_NAMESPACE,
    serviceName: service,
    defaultDimensions: { [DIMENSIONS.functionName]: environment['AWS_LAMBDA_FUNCTION_NAME'] ?? 'local' },
  });
}
