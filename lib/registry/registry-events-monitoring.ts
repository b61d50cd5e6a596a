import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { type AlarmDefinition, NOTHING_HAPPENED } from '../monitoring/alarm-definition';
import { ROWS } from '../monitoring/dashboard-rows';
import { graph } from '../monitoring/graph';
import { Severity } from '../monitoring/monitoring-api';
import type { RegistryEvents } from './registry-events';

const FIVE_MINUTES = { period: Duration.minutes(5) };

/** What an operator of a registry's events hears of. */
export function registryEventsAlarms(registryEvents: RegistryEvents): AlarmDefinition[] {
  return [
    {
      id: 'UnpublishedAlarm',
      title: 'Registry events not published',
      severity: Severity.CRITICAL,
      metric: registryEvents.metricFailures(FIVE_MINUTES),
      // Nothing sends them again by itself.
      threshold: 1,
      periods: 1,
      datapoints: 1,
      missing: NOTHING_HAPPENED,
      meaning: 'Events of the registry could not be handed to the event bus, and are not tried again.',
    },
    {
      id: 'DelayedAlarm',
      title: 'Registry events delayed',
      severity: Severity.WARNING,
      metric: registryEvents.metricOldestAge(FIVE_MINUTES),
      threshold: Duration.minutes(5).toMilliseconds(),
      periods: 3,
      datapoints: 2,
      missing: {
        treatment: cloudwatch.TreatMissingData.NOT_BREACHING,
        reason: 'No data means that nothing waited.',
      },
      meaning: 'Events of the registry wait five minutes or longer before they reach the event bus.',
    },
  ];
}

/** What an operator of a registry's events sees: widgets by the title of their row. */
export function registryEventsRows(
  registryEvents: RegistryEvents,
): [title: string, widgets: cloudwatch.IWidget[]][] {
  return [
    [
      ROWS.registryEvents,
      [
        graph('Events of the registry', 'in 5 minutes', [
          registryEvents.metricPublished({ ...FIVE_MINUTES, label: 'published' }),
          registryEvents.metricCut({ ...FIVE_MINUTES, label: 'published without their data: too large' }),
        ]),
        graph('The oldest that waits', 'ms', [
          registryEvents.metricOldestAge({ ...FIVE_MINUTES, label: 'age' }),
        ]),
        graph('Not published, waiting for a person', 'entries', [
          registryEvents.metricFailures({ ...FIVE_MINUTES, label: 'entries of the queue' }),
        ]),
      ],
    ],
  ];
}
