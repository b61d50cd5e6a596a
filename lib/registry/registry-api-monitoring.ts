import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { type AlarmDefinition, NO_REQUESTS, NOTHING_HAPPENED } from '../monitoring/alarm-definition';
import { ROWS } from '../monitoring/dashboard-rows';
import { graph } from '../monitoring/graph';
import { Severity } from '../monitoring/monitoring-api';
import type { MeasuredRegistryApi } from './measured-registry-api';

const MINUTE = { period: Duration.minutes(1) };
const FIVE_MINUTES = { period: Duration.minutes(5) };

/**
 * What an operator of a registry's API hears of. Refusals raise none: that a model exists already is how a client that
 * pushes a second version finds out.
 */
export function registryApiAlarms(api: MeasuredRegistryApi): AlarmDefinition[] {
  const { apiFunction } = api;
  return [
    {
      id: 'InternalErrorAlarm',
      title: 'Registry internal errors',
      severity: Severity.CRITICAL,
      metric: api.metricInternalErrors(FIVE_MINUTES),
      threshold: 1,
      periods: 1,
      datapoints: 1,
      missing: NOTHING_HAPPENED,
      meaning: 'Requests to the registry were answered with status 500: a fault of the service itself.',
    },
    {
      id: 'ServerErrorAlarm',
      title: 'Registry server errors',
      severity: Severity.WARNING,
      metric: api.metricServerErrors(FIVE_MINUTES),
      threshold: 5,
      periods: 3,
      datapoints: 2,
      missing: NOTHING_HAPPENED,
      meaning: 'Requests to the registry keep failing for a reason that is not the caller’s.',
    },
    {
      id: 'FunctionFailureAlarm',
      title: 'Registry function failures',
      severity: Severity.CRITICAL,
      metric: apiFunction.metricErrors({ ...FIVE_MINUTES, statistic: cloudwatch.Stats.SUM }),
      threshold: 1,
      periods: 3,
      datapoints: 2,
      missing: NO_REQUESTS,
      meaning:
        'The function of the registry’s API ended without an answer: out of time, out of memory, or it did not start.',
    },
    {
      id: 'FunctionThrottleAlarm',
      title: 'Registry function throttles',
      severity: Severity.WARNING,
      metric: apiFunction.metricThrottles({ ...MINUTE, statistic: cloudwatch.Stats.SUM }),
      threshold: 1,
      periods: 5,
      datapoints: 3,
      missing: NO_REQUESTS,
      meaning: 'Lambda turns requests to the registry away: the limit of concurrent executions is reached.',
    },
  ];
}

/** What an operator of a registry's API sees: widgets by the title of their row. */
export function registryApiRows(api: MeasuredRegistryApi): [title: string, widgets: cloudwatch.IWidget[]][] {
  return [
    [
      ROWS.registryApi,
      [
        graph('Requests to the registry', 'each minute', [
          api.metricRequests({ ...MINUTE, label: 'requests' }),
          api.metricClientErrors({ ...MINUTE, label: 'refused: the caller can mend it' }),
          api.metricServerErrors({ ...MINUTE, label: 'failed: the service must mend it' }),
        ]),
        graph(
          'Time of a request inside the function',
          'ms',
          [50, 99].map((percentile) =>
            api.metricDuration({
              ...MINUTE,
              statistic: cloudwatch.Stats.p(percentile),
              label: `p${percentile}`,
            }),
          ),
        ),
        graph('Faults of the registry’s API', 'each minute', [
          api.metricInternalErrors({ ...MINUTE, label: 'answered with status 500' }),
          api.apiFunction.metricErrors({ ...MINUTE, label: 'ended without an answer' }),
          api.apiFunction.metricThrottles({ ...MINUTE, label: 'turned away by Lambda' }),
        ]),
      ],
    ],
  ];
}
