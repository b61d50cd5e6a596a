import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { isFailureStatus } from '../../core/protocol/error-response.ts';
import {
  COUNTED_CODES,
  DIMENSIONS,
  METRICS,
  OTHER_CLIENT_ERROR,
  OTHER_SERVER_ERROR,
} from '../../lib/contracts/metrics.ts';
import { countVersionFault } from './version-fault.ts';

/** A request that was not served. */
export interface FailedRequest {
  readonly status: number;
  /** `error_code` of the answer. */
  readonly code: string;
  readonly method: string;
  /** Without stage and query. */
  readonly path: string;
}

export interface OutcomeTools {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Counts a request that was refused or failed, by who has to act and by code, and logs it. The message of the error
 * stays out of the log: it may quote what the caller sent.
 */
export function countFailure(failed: FailedRequest, { logger, metrics }: OutcomeTools): void {
  const isOurs = isFailureStatus(failed.status);
  metrics.addMetric(isOurs ? METRICS.serverError : METRICS.clientError, MetricUnit.Count, 1);
  if (failed.status === 500) {
    metrics.addMetric(METRICS.internalError, MetricUnit.Count, 1);
    countVersionFault(metrics);
  }
  metrics
    .singleMetric()
    .addDimension(DIMENSIONS.code, countedCode(failed.code, isOurs))
    .addMetric(METRICS.error, MetricUnit.Count, 1);
  if (isOurs) logger.error('request failed', { request: failed });
  else logger.info('request refused', { request: failed });
}

/** Each value of a dimension is a metric that is paid for: there are as many as there are names in the contract. */
function countedCode(code: string, isOurs: boolean): string {
  if (COUNTED_CODES.some((counted) => counted === code)) return code;
  return isOurs ? OTHER_SERVER_ERROR : OTHER_CLIENT_ERROR;
}
