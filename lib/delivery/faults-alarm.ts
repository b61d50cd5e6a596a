import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

/** The alarm's heading in docs/runbook.md. */
export const RELEASE_TAKEN_BACK = 'A release is taken back';

/** One fault of a new version, within a minute, is one too many. */
export function faultsAlarm(scope: Construct, id: string, faults: cloudwatch.IMetric): cloudwatch.Alarm {
  return new cloudwatch.Alarm(scope, id, {
    alarmDescription: `A new version of a function fails: its release is stopped and taken back. Runbook: "${RELEASE_TAKEN_BACK}".`,
    metric: faults,
    threshold: 1,
    evaluationPeriods: 1,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    // Without a release, or without faults, there is nothing to count.
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
}
