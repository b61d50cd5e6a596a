import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { EngineEvent } from '../../core/engine/engine-event.ts';
import { METRICS } from '../../lib/contracts/metrics.ts';

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
    case 'signature-invalid':
      metrics.addMetric(METRICS.signatureInvalid, MetricUnit.Count, 1);
      break;
    case 'swap-limit-reached':
      metrics.addMetric(METRICS.swapLimitReached, MetricUnit.Count, 1);
      break;
    case 'session-evicted':
      break;
  }
}

/** What becomes of models in this process, for whoever looks into it. */
export function logEngine(event: EngineEvent, logger: Logger): void {
  switch (event.type) {
    case 'digest-mismatch':
      logger.error('model file refused: its bytes are not those that were registered', { event });
      break;
    case 'signature-invalid':
      logger.error('version refused: no trusted key signed what the registry says of it', { event });
      break;
    case 'load-failed':
      logger.error('model could not be opened', { event });
      break;
    case 'swap-limit-reached':
      logger.warn('this environment opens no more versions than it must', { event });
      break;
    default:
      logger.info(event.type, { event });
  }
}
