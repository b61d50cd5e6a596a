import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { type AlarmDefinition, NO_REQUESTS, NOTHING_HAPPENED } from '../monitoring/alarm-definition';
import { Severity } from '../monitoring/monitoring-api';
import type { MeasuredGateway } from './measured-gateway';

const MINUTE = { period: Duration.minutes(1) };
const FIVE_MINUTES = { period: Duration.minutes(5) };

/**
 * What an operator of a gateway hears of.
 * @param hasAccessLogs whether requests that are turned away can be counted
 */
export function gatewayAlarms(gateway: MeasuredGateway, hasAccessLogs: boolean): AlarmDefinition[] {
  const { authorizeFunction } = gateway;
  const unauthenticated = gateway.metricUnauthenticated(FIVE_MINUTES);
  const authorizerFailures = gateway.metricAuthorizerFailures(FIVE_MINUTES);
  return [
    {
      id: 'GatewayErrorAlarm',
      title: 'Gateway errors',
      severity: Severity.CRITICAL,
      metric: gateway.metricServerErrors(MINUTE),
      threshold: 5,
      periods: 5,
      datapoints: 3,
      missing: NO_REQUESTS,
      meaning: 'Callers keep getting answers with status 5xx.',
    },
    ...(hasAccessLogs
      ? [
          {
            id: 'ThrottledAlarm',
            title: 'Throttled requests',
            severity: Severity.WARNING,
            metric: gateway.metricThrottled(FIVE_MINUTES),
            threshold: 10,
            periods: 3,
            datapoints: 2,
            missing: NOTHING_HAPPENED,
            meaning:
              'The gateway turns requests away with status 429: they come faster than it lets through.',
          },
        ]
      : []),
    ...(authorizerFailures
      ? [
          {
            id: 'AuthorizerFailureAlarm',
            title: 'Authorizer failures',
            severity: Severity.CRITICAL,
            metric: authorizerFailures,
            threshold: 1,
            periods: 3,
            datapoints: 2,
            missing: NOTHING_HAPPENED,
            meaning: 'Tokens cannot be verified, so that callers are turned away whatever their token.',
          },
        ]
      : []),
    ...(unauthenticated
      ? [
          {
            id: 'UnauthenticatedAlarm',
            title: 'Unauthenticated requests',
            severity: Severity.WARNING,
            metric: unauthenticated,
            threshold: 100,
            periods: 3,
            datapoints: 3,
            missing: NOTHING_HAPPENED,
            meaning: 'Many requests come with tokens that prove nothing.',
          },
        ]
      : []),
    ...(authorizeFunction
      ? [
          {
            id: 'AuthorizerThrottleAlarm',
            title: 'Authorizer throttles',
            severity: Severity.CRITICAL,
            metric: authorizeFunction.metricThrottles({ ...MINUTE, statistic: cloudwatch.Stats.SUM }),
            threshold: 1,
            periods: 5,
            datapoints: 3,
            missing: NO_REQUESTS,
            meaning: 'Lambda turns the authorizer away: the limit of concurrent executions is reached.',
          },
        ]
      : []),
  ];
}
