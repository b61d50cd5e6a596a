import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { DIMENSIONS, METRICS } from '../../lib/contracts/metrics.ts';

/**
 * Counts a fault of ours under the version of the function that it happened in, so that a release is not judged by what
 * the version before does. Only faults are: a version without any has no such metric.
 */
export function countVersionFault(metrics: Metrics, environment: NodeJS.ProcessEnv = process.env): void {
  metrics
    .singleMetric()
    .addDimension(DIMENSIONS.functionVersion, environment['AWS_LAMBDA_FUNCTION_VERSION'] ?? 'local')
    .addMetric(METRICS.versionFault, MetricUnit.Count, 1);
}
