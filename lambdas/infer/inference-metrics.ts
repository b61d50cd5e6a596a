import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { EngineEvent } from '../../core/engine/engine-event.ts';
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

/** What the engine tells of models that it opens. */
export function measureEngine(event: EngineEvent, metrics: Metrics): void {
  switch (event.type) {
    case 'session-loaded': {
      const { runtimeMs, fetchMs, openMs, warmUpMs } = event;
      const total = runtimeMs + fetchMs + openMs + warmUpMs;
      metrics.addMetric(METRICS.modelLoadTime, MetricUnit.Milliseconds, total);
      break;
    }
    case 'load-failed':
      metrics.addMetric(METRICS.modelLoadFailure, MetricUnit.Count, 1);
      break;
    case 'digest-mismatch':
      metrics.addMetric(METRICS.digestMismatch, MetricUnit.Count, 1);
      break;
    case 'swap-limit-reached':
      metrics.addMetric(METRICS.swapLimitReached, MetricUnit.Count, 1);
      break;
    case 'session-evicted':
      break;
  }
}
