import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { DIMENSIONS, METRICS_NAMESPACE } from '../contracts/metrics';

/** A metric that one of our functions writes. */
export interface FunctionMetric {
  readonly handler: lambda.IFunction;
  /** Folder of the handler under `lambdas/`. */
  readonly service: string;
  /** One of `METRICS`. */
  readonly name: string;
  readonly statistic: string;
  /** Dimensions beside those that every metric has. */
  readonly dimensions?: Readonly<Record<string, string>>;
}

/** The metric, with the options of the caller above its own. */
export function functionMetric(
  { handler, service, name, statistic, dimensions }: FunctionMetric,
  options: cloudwatch.MetricOptions = {},
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: METRICS_NAMESPACE,
    metricName: name,
    statistic,
    ...options,
    dimensionsMap: {
      [DIMENSIONS.service]: service,
      [DIMENSIONS.functionName]: handler.functionName,
      ...dimensions,
      ...options.dimensionsMap,
    },
  });
}
