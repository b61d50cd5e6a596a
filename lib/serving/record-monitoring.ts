import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { type AlarmDefinition, type MissingData, NOTHING_HAPPENED } from '../monitoring/alarm-definition';
import { ROWS } from '../monitoring/dashboard-rows';
import { graph } from '../monitoring/graph';
import type { Monitored } from '../monitoring/monitor';
import { Severity } from '../monitoring/monitoring-api';
import type { BatchInference } from './batch-inference';
import type { StreamInference } from './stream-inference';

const MINUTE = { period: Duration.minutes(1) };
const FIVE_MINUTES = { period: Duration.minutes(5) };
const SUM = { statistic: cloudwatch.Stats.SUM };

const NO_CALLS: MissingData = {
  treatment: cloudwatch.TreatMissingData.NOT_BREACHING,
  reason: 'No data means that there were no records.',
};

/** What an operator of inference on a stream hears of and sees. */
export function streamMonitoring(stream: StreamInference): Monitored {
  const handler = stream.streamFunction;
  return {
    alarms: [
      ...recordAlarms(stream, handler),
      {
        id: 'DelayedAlarm',
        title: 'Stream records delayed',
        severity: Severity.WARNING,
        metric: stream.metricOldestAge(FIVE_MINUTES),
        threshold: Duration.minutes(5).toMilliseconds(),
        periods: 3,
        datapoints: 2,
        missing: NO_CALLS,
        meaning: 'Records of the stream wait five minutes or longer before they are answered.',
      },
      {
        id: 'GivenUpAlarm',
        title: 'Stream records given up',
        severity: Severity.CRITICAL,
        metric: stream.metricFailures(FIVE_MINUTES),
        // Nothing sends them again by itself.
        threshold: 1,
        periods: 1,
        datapoints: 1,
        missing: NOTHING_HAPPENED,
        meaning: 'Records of the stream failed again and again, and are not tried any more.',
      },
    ],
    rows: [
      [
        ROWS.records,
        [
          recordsGraph('Records of a stream', stream),
          graph('The oldest that waits', 'ms', [
            stream.metricOldestAge({ ...FIVE_MINUTES, label: 'age when it was read' }),
          ]),
          graph('Calls of the function that answers the stream', 'in 5 minutes', [
            ...callsOf(handler),
            stream.metricFailures({ ...FIVE_MINUTES, label: 'given up, waiting for a person' }),
          ]),
        ],
      ],
    ],
  };
}

/** What an operator of inference in batches hears of and sees. */
export function batchMonitoring(batch: BatchInference): Monitored {
  const handler = batch.batchFunction;
  return {
    alarms: recordAlarms(batch, handler),
    rows: [
      [
        ROWS.records,
        [
          recordsGraph('Records of batches', batch),
          graph('A call', 'ms', [
            handler.metricDuration({ ...FIVE_MINUTES, statistic: cloudwatch.Stats.p(50), label: 'p50' }),
            handler.metricDuration({
              ...FIVE_MINUTES,
              statistic: cloudwatch.Stats.MAXIMUM,
              label: 'longest',
            }),
          ]),
          graph('Calls of the function that answers batches', 'in 5 minutes', callsOf(handler)),
        ],
      ],
    ],
  };
}

type RecordLayer = Pick<BatchInference, 'metricRecords' | 'metricRejectedRecords'>;

function recordAlarms(layer: RecordLayer, handler: lambda.Function): AlarmDefinition[] {
  return [
    {
      id: 'FailureAlarm',
      title: 'Record function failures',
      severity: Severity.CRITICAL,
      metric: handler.metricErrors({ ...FIVE_MINUTES, ...SUM }),
      threshold: 1,
      periods: 3,
      datapoints: 2,
      missing: NO_CALLS,
      meaning: 'Calls of the function that answers records end without results.',
    },
    {
      id: 'ThrottleAlarm',
      title: 'Record function throttles',
      severity: Severity.WARNING,
      metric: handler.metricThrottles({ ...MINUTE, ...SUM }),
      threshold: 1,
      periods: 5,
      datapoints: 3,
      missing: NO_CALLS,
      meaning: 'Lambda turns calls with records away: the limit of concurrent executions is reached.',
    },
    {
      id: 'RejectedAlarm',
      title: 'Rejected records',
      severity: Severity.WARNING,
      metric: layer.metricRejectedRecords(FIVE_MINUTES),
      threshold: 100,
      periods: 3,
      datapoints: 3,
      missing: NO_CALLS,
      meaning: 'Many records get a reason instead of an answer.',
    },
  ];
}

function recordsGraph(title: string, layer: RecordLayer): cloudwatch.GraphWidget {
  return graph(title, 'in 5 minutes', [
    layer.metricRecords({ ...FIVE_MINUTES, label: 'done with' }),
    layer.metricRejectedRecords({ ...FIVE_MINUTES, label: 'rejected among them' }),
  ]);
}

function callsOf(handler: lambda.Function): cloudwatch.IMetric[] {
  return [
    handler.metricErrors({ ...FIVE_MINUTES, ...SUM, label: 'failed' }),
    handler.metricThrottles({ ...FIVE_MINUTES, ...SUM, label: 'turned away' }),
  ];
}
