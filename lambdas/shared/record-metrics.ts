import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRICS } from '../../lib/contracts/metrics.ts';

export interface RecordCounts {
  readonly records: number;
  /** Those among them that got a reason instead of an answer. */
  readonly rejected: number;
}

export function countRecords({ records, rejected }: RecordCounts, metrics: Metrics): void {
  metrics
    .addMetric(METRICS.records, MetricUnit.Count, records)
    .addMetric(METRICS.rejectedRecords, MetricUnit.Count, rejected);
}
