import { Duration } from 'aws-cdk-lib';
import { type AlarmDefinition, NOTHING_HAPPENED } from '../monitoring/alarm-definition';
import { Severity } from '../monitoring/monitoring-api';
import type { Admission } from './admission';

/** What an operator of a registry's admission hears of. */
export function admissionAlarms({ stateMachine }: Admission): AlarmDefinition[] {
  return [
    {
      id: 'NotAdmittedAlarm',
      title: 'Model versions not admitted',
      severity: Severity.WARNING,
      // A version that is refused for what it is ends its execution well.
      metric: stateMachine.metricFailed({ period: Duration.minutes(5) }),
      threshold: 1,
      periods: 1,
      datapoints: 1,
      missing: NOTHING_HAPPENED,
      meaning: 'Model versions could not be checked for a reason that is not theirs; they have failed.',
    },
  ];
}
