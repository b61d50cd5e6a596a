import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { IMonitoring, Severity } from './monitoring-api';

/** What an alarm does where its metric has no data, and why. */
export interface MissingData {
  readonly treatment: cloudwatch.TreatMissingData;
  readonly reason: string;
}

/** For metrics that are written only when the thing happens. */
export const NOTHING_HAPPENED: MissingData = {
  treatment: cloudwatch.TreatMissingData.NOT_BREACHING,
  reason: 'No data means that it did not happen.',
};

/** For metrics that every request writes. */
export const NO_REQUESTS: MissingData = {
  treatment: cloudwatch.TreatMissingData.NOT_BREACHING,
  reason: 'No data means that there were no requests.',
};

/** An alarm on one metric: above or at the threshold in `datapoints` of the last `periods` periods. */
export interface AlarmDefinition {
  /** Id of the alarm's construct. */
  readonly id: string;
  /** Its heading in docs/runbook.md. */
  readonly title: string;
  readonly severity: Severity;
  /** Its period and statistic are what the threshold is compared with. */
  readonly metric: cloudwatch.IMetric;
  readonly threshold: number;
  readonly periods: number;
  readonly datapoints: number;
  readonly missing: MissingData;
  /** What is the case when it is raised, in one sentence. */
  readonly meaning: string;
}

/** Makes the alarm and hands it to the monitoring. */
export function raiseAlarm(scope: Construct, monitoring: IMonitoring, definition: AlarmDefinition): void {
  const { id, title, severity, metric, threshold, periods, datapoints, missing, meaning } = definition;
  const alarm = new cloudwatch.Alarm(scope, id, {
    alarmDescription: `${title}. ${meaning} ${missing.reason} Runbook: ${monitoring.runbookUrl}#${anchor(title)}`,
    metric,
    threshold,
    evaluationPeriods: periods,
    datapointsToAlarm: datapoints,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: missing.treatment,
  });
  monitoring.addAlarm(severity, title, alarm);
}

/** The anchor that Markdown viewers give a heading of letters, digits and spaces. */
export function anchor(title: string): string {
  return title.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}
