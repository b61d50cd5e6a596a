import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { type AlarmDefinition, NO_REQUESTS, NOTHING_HAPPENED } from '../monitoring/alarm-definition';
import { Severity } from '../monitoring/monitoring-api';
import type { MeasuredServing } from './measured-serving';

const MINUTE = { period: Duration.minutes(1) };
const FIVE_MINUTES = { period: Duration.minutes(5) };

/** What an operator of a serving layer hears of. */
export function servingAlarms(serving: MeasuredServing): AlarmDefinition[] {
  const { inferFunction } = serving;
  return [
    {
      id: 'DigestMismatchAlarm',
      title: 'Digest mismatch',
      severity: Severity.CRITICAL,
      metric: serving.metricDigestMismatches(MINUTE),
      // The bytes of a registered model never change: one is enough.
      threshold: 1,
      periods: 1,
      datapoints: 1,
      missing: NOTHING_HAPPENED,
      meaning: 'The bytes of a model file are not those that were registered; it was not loaded.',
    },
    {
      id: 'SignatureInvalidAlarm',
      title: 'Invalid signature',
      severity: Severity.CRITICAL,
      metric: serving.metricInvalidSignatures(MINUTE),
      // Only admission signs, and it signs every version: one is enough.
      threshold: 1,
      periods: 1,
      datapoints: 1,
      missing: NOTHING_HAPPENED,
      meaning: 'No trusted key signed what the registry says of a version; it was not loaded.',
    },
    {
      id: 'ModelLoadFailureAlarm',
      title: 'Model load failures',
      severity: Severity.CRITICAL,
      metric: serving.metricModelLoadFailures(FIVE_MINUTES),
      threshold: 1,
      periods: 1,
      datapoints: 1,
      missing: NOTHING_HAPPENED,
      meaning: 'A model that is asked for cannot be fetched, verified or opened.',
    },
    {
      id: 'SwapLimitAlarm',
      title: 'Swap limit reached',
      severity: Severity.WARNING,
      metric: serving.metricSwapLimitReached(FIVE_MINUTES),
      threshold: 1,
      periods: 1,
      datapoints: 1,
      missing: NOTHING_HAPPENED,
      meaning: 'An environment has opened so many versions that it answers aliases with those that it holds.',
    },
    {
      id: 'InternalErrorAlarm',
      title: 'Internal errors',
      severity: Severity.CRITICAL,
      metric: serving.metricInternalErrors(FIVE_MINUTES),
      threshold: 1,
      periods: 1,
      datapoints: 1,
      missing: NOTHING_HAPPENED,
      meaning: 'Requests were answered with status 500: a fault of the service itself.',
    },
    {
      id: 'ServerErrorAlarm',
      title: 'Server errors',
      severity: Severity.CRITICAL,
      metric: serving.metricServerErrors(MINUTE),
      threshold: 5,
      periods: 5,
      datapoints: 3,
      missing: NOTHING_HAPPENED,
      meaning: 'Requests keep failing for a reason that is not the caller’s.',
    },
    {
      id: 'ClientErrorAlarm',
      title: 'Client errors',
      severity: Severity.WARNING,
      metric: serving.metricClientErrors(FIVE_MINUTES),
      threshold: 100,
      periods: 3,
      datapoints: 3,
      missing: NOTHING_HAPPENED,
      meaning: 'Many requests are refused for reasons that their callers can mend.',
    },
    {
      id: 'FunctionFailureAlarm',
      title: 'Function failures',
      severity: Severity.CRITICAL,
      metric: inferFunction.metricErrors({ ...FIVE_MINUTES, statistic: cloudwatch.Stats.SUM }),
      threshold: 1,
      periods: 3,
      datapoints: 2,
      missing: NO_REQUESTS,
      meaning:
        'The inference function ended without an answer: out of time, out of memory, or it did not start.',
    },
    {
      id: 'FunctionThrottleAlarm',
      title: 'Function throttles',
      severity: Severity.CRITICAL,
      metric: inferFunction.metricThrottles({ ...MINUTE, statistic: cloudwatch.Stats.SUM }),
      threshold: 1,
      periods: 5,
      datapoints: 3,
      missing: NO_REQUESTS,
      meaning: 'Lambda turns requests away: the limit of concurrent executions is reached.',
    },
    {
      id: 'LatencyAlarm',
      title: 'High latency',
      severity: Severity.WARNING,
      metric: serving.metricLatency(FIVE_MINUTES),
      threshold: 3000,
      periods: 3,
      datapoints: 3,
      missing: NO_REQUESTS,
      meaning: 'One in a hundred answers takes 3 seconds or longer inside the function.',
    },
    {
      id: 'ColdStartAlarm',
      title: 'Many cold starts',
      severity: Severity.WARNING,
      metric: serving.metricColdStarts(FIVE_MINUTES),
      threshold: 50,
      periods: 3,
      datapoints: 3,
      missing: NO_REQUESTS,
      meaning: 'Many requests wait for a new execution environment to start.',
    },
  ];
}
