import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { DIMENSIONS, METRICS } from '../contracts/metrics';
import { functionMetric } from '../private/function-metric';

const { SUM } = cloudwatch.Stats;

/**
 * What can be measured of a registry's API.
 * @internal
 */
export abstract class MeasuredRegistryApi extends Construct {
  /** The function that answers. Call its alias `live`, not the function itself. */
  public abstract readonly apiFunction: lambda.Function;

  /** Requests that reached the function. Sum. */
  public metricRequests(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.requests, options);
  }

  /** Time of a request inside the function, in milliseconds. p99. */
  public metricDuration(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.apiFunction.metricDuration({ statistic: cloudwatch.Stats.p(99), ...options });
  }

  /**
   * Requests refused for a reason that the caller can mend, and those whose normal answer is an error in MLflow: that a
   * model exists already, for example. Sum.
   */
  public metricClientErrors(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.clientError, options);
  }

  /** Requests that failed for a reason of the service, temporary or not. Sum. */
  public metricServerErrors(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.serverError, options);
  }

  /** Requests that were answered with status 500. Sum. */
  public metricInternalErrors(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.internalError, options);
  }

  /**
   * Requests refused or failed with one code. Sum.
   * @param code one that docs/monitoring.md lists
   */
  public metricErrorsOf(code: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.error, options, { [DIMENSIONS.code]: code });
  }

  private metric(
    name: string,
    options?: cloudwatch.MetricOptions,
    dimensions?: Readonly<Record<string, string>>,
  ): cloudwatch.Metric {
    return functionMetric(
      { handler: this.apiFunction, service: 'registry-api', name, statistic: SUM, dimensions },
      options,
    );
  }
}
