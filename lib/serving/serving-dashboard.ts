import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import {
  COUNTED_CODES,
  DIMENSIONS,
  METRICS,
  METRICS_NAMESPACE,
  OTHER_CLIENT_ERROR,
  OTHER_SERVER_ERROR,
} from '../contracts/metrics';
import { ROWS } from '../monitoring/dashboard-rows';
import { graph } from '../monitoring/graph';
import type { MeasuredServing } from './measured-serving';

const MINUTE = { period: Duration.minutes(1) };
const FIVE_MINUTES = { period: Duration.minutes(5) };

/** What an operator of a serving layer sees: widgets by the title of their row. */
export function servingRows(serving: MeasuredServing): [title: string, widgets: cloudwatch.IWidget[]][] {
  const { inferFunction } = serving;
  return [
    [
      ROWS.requests,
      [
        graph('Inference requests', 'each minute', [
          serving.metricRequests({ ...MINUTE, label: 'requests' }),
          serving.metricLatency({
            ...MINUTE,
            statistic: cloudwatch.Stats.SAMPLE_COUNT,
            label: 'inferences answered',
          }),
          serving.metricClientErrors({ ...MINUTE, label: 'refused: the caller can mend it' }),
          serving.metricServerErrors({ ...MINUTE, label: 'failed: the service must mend it' }),
        ]),
      ],
    ],
    [
      ROWS.latency,
      [
        graph(
          'Whole request inside the function',
          'ms',
          [50, 90, 99].map((percentile) =>
            serving.metricLatency({
              ...MINUTE,
              statistic: cloudwatch.Stats.p(percentile),
              label: `p${percentile}`,
            }),
          ),
        ),
        graph('Parts, p50', 'ms', latencyParts(serving, cloudwatch.Stats.p(50))),
        graph('Parts, p99', 'ms', latencyParts(serving, cloudwatch.Stats.p(99))),
      ],
    ],
    [
      ROWS.models,
      [
        graph(
          'Inferences answered',
          'each minute',
          [ofEachVersion(serving, METRICS.latency, 'SampleCount')],
          12,
        ),
        graph('Latency, p99', 'ms', [ofEachVersion(serving, METRICS.latency, 'p99')], 12),
      ],
    ],
    [
      ROWS.errors,
      [
        graph(
          'Refused and failed requests by code',
          'each minute',
          [...COUNTED_CODES, OTHER_CLIENT_ERROR, OTHER_SERVER_ERROR].map((code) =>
            serving.metricErrorsOf(code, { ...MINUTE, label: code }),
          ),
          12,
        ),
        graph(
          'Faults of the service',
          'each minute',
          [
            serving.metricInternalErrors({ ...MINUTE, label: 'answered with status 500' }),
            inferFunction.metricErrors({ ...MINUTE, label: 'ended without an answer' }),
            serving.metricDigestMismatches({ ...MINUTE, label: 'digest mismatches' }),
            serving.metricInvalidSignatures({ ...MINUTE, label: 'invalid signatures' }),
          ],
          12,
        ),
      ],
    ],
    [
      ROWS.coldStarts,
      [
        graph(
          'Requests that waited',
          'each 5 minutes',
          [serving.metricColdStarts({ ...FIVE_MINUTES, label: 'cold starts' })],
          12,
        ),
        graph(
          'Share of all requests',
          '0 to 1',
          [serving.metricColdStartShare({ ...FIVE_MINUTES, label: 'share' })],
          12,
        ),
      ],
    ],
    [
      ROWS.modelLoads,
      [
        graph(
          'Models opened',
          'each 5 minutes',
          [
            serving.metricModelLoads({ ...FIVE_MINUTES, label: 'opened' }),
            serving.metricModelLoadFailures({ ...FIVE_MINUTES, label: 'failed' }),
            serving.metricSwapLimitReached({ ...FIVE_MINUTES, label: 'limit reached' }),
          ],
          12,
        ),
        graph(
          'Fetched, verified, opened and warmed, p99',
          'ms',
          [serving.metricModelLoadTime({ ...FIVE_MINUTES, label: 'p99' })],
          12,
        ),
      ],
    ],
    [
      ROWS.throttles,
      [
        graph('Turned away by Lambda', 'each minute', [
          inferFunction.metricThrottles({ ...MINUTE, label: 'infer' }),
        ]),
      ],
    ],
  ];
}

function latencyParts(serving: MeasuredServing, statistic: string): cloudwatch.IMetric[] {
  const options = { ...MINUTE, statistic };
  return [
    serving.metricResolveTime({ ...options, label: 'find the version' }),
    serving.metricDecodeTime({ ...options, label: 'read the request' }),
    serving.metricLoadTime({ ...options, label: 'have the model open' }),
    serving.metricRunTime({ ...options, label: 'compute' }),
    serving.metricEncodeTime({ ...options, label: 'write the answer' }),
  ];
}

/** One line for each model version that there is: which ones is known only when the dashboard is looked at. */
function ofEachVersion(serving: MeasuredServing, name: string, statistic: string): cloudwatch.IMetric {
  const { service, functionName, model, version } = DIMENSIONS;
  const schema = [METRICS_NAMESPACE, functionName, model, service, version].join(',');
  const search = `{${schema}} MetricName="${name}" ${functionName}="${serving.inferFunction.functionName}"`;
  return new cloudwatch.MathExpression({
    expression: `SEARCH('${search}', '${statistic}')`,
    usingMetrics: {},
    label: `${ownValue(model)} ${ownValue(version)}`,
    ...MINUTE,
  });
}

/** In a label: the value that a dimension has for the line. */
function ownValue(dimension: string): string {
  return `\${PROP('Dim.${dimension}')}`;
}
