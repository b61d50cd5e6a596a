import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Prediction } from '../../core/protocol/prediction.ts';
import { DIMENSIONS, METRICS } from '../../lib/contracts/metrics.ts';

/** Where the time of an answered inference went: for the function, and once more for the version that answered. */
export function measurePrediction({ model, version, latencyMs }: Prediction, metrics: Metrics): void {
  // Each set is added to the dimensions that every metric has; the first adds nothing to them.
  metrics.addDimensions({}).addDimensions({ [DIMENSIONS.model]: model, [DIMENSIONS.version]: version });
  metrics
    .addMetric(METRICS.latency, MetricUnit.Milliseconds, latencyMs.total)
    .addMetric(METRICS.resolveTime, MetricUnit.Milliseconds, latencyMs.resolve)
    .addMetric(METRICS.decodeTime, MetricUnit.Milliseconds, latencyMs.decode)
    .addMetric(METRICS.loadTime, MetricUnit.Milliseconds, latencyMs.load)
    .addMetric(METRICS.runTime, MetricUnit.Milliseconds, latencyMs.run)
    .addMetric(METRICS.encodeTime, MetricUnit.Milliseconds, latencyMs.encode);
}
