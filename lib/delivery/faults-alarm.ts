import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

/**
 * One fault of a new version, within a minute, is one too many. It counts for releases: when nothing is released, the
 * alarms of the layers say what there is to do.
 */
export function faultsAlarm(scope: Construct, id: string, faults: cloudwatch.IMetric): cloudwatch.Alarm {
  return new cloudwatch.Alarm(scope, id, {
    alarmDescription:
      'The newest version of a function fails. While it is being released, the release is stopped and taken back. Runbook: "A release is taken back".',
    metric: faults,
    threshold: 1,
    evaluationPeriods: 1,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    // Without a release, or without faults, there is nothing to count.
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
}
