import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { DIMENSIONS, METRICS } from '../contracts/metrics';
import { functionMetric } from '../private/function-metric';

const { SUM, AVERAGE, SAMPLE_COUNT } = cloudwatch.Stats;
const P99 = cloudwatch.Stats.p(99);

/**
 * What can be measured of serving: the metrics that the inference function writes.
 * @internal
 */
export abstract class MeasuredServing extends Construct {
  /** The inference function. Call its alias `live`, not the function itself. */
  public abstract readonly inferFunction: lambda.Function;

  /** Requests that reached the function. Sum. */
  public metricRequests(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.requests, SUM, options);
  }

  /** Time of an answered inference inside the function, in milliseconds. p99. */
  public metricLatency(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.latency, P99, options);
  }

  /** Part of the latency: finding the version in the registry, in milliseconds. p99. */
  public metricResolveTime(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.resolveTime, P99, options);
  }

  /** Part of the latency: reading and checking the request, in milliseconds. p99. */
  public metricDecodeTime(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.decodeTime, P99, options);
  }

  /** Part of the latency: having the model open, next to nothing when it is warm, in milliseconds. p99. */
  public metricLoadTime(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.loadTime, P99, options);
  }

  /** Part of the latency: onnxruntime computing, in milliseconds. p99. */
  public metricRunTime(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.runTime, P99, options);
  }

  /** Part of the latency: writing the answer, in milliseconds. p99. */
  public metricEncodeTime(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.encodeTime, P99, options);
  }

  /**
   * Time of the answered inferences of one model version, in milliseconds. p99; the statistic `SampleCount` counts them.
   * @param model registered name
   * @param version version number
   */
  public metricLatencyOf(
    model: string,
    version: string,
    options?: cloudwatch.MetricOptions,
  ): cloudwatch.Metric {
    const dimensions = { [DIMENSIONS.model]: model, [DIMENSIONS.version]: version };
    return this.metric(METRICS.latency, P99, options, dimensions);
  }

  /** Time in which a model was fetched, verified, opened and warmed, in milliseconds. p99. */
  public metricModelLoadTime(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.modelLoadTime, P99, options);
  }

  /** Models that were opened. Sum. */
  public metricModelLoads(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.modelLoadTime, SAMPLE_COUNT, options);
  }

  /** Models that could not be fetched, verified or opened. Sum. */
  public metricModelLoadFailures(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.modelLoadFailure, SUM, options);
  }

  /** Versions that were not opened since no trusted key signed what the registry says of them. Sum. */
  public metricInvalidSignatures(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.signatureInvalid, SUM, options);
  }

  /** Model files whose bytes were not those that were registered. Sum. */
  public metricDigestMismatches(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.digestMismatch, SUM, options);
  }

  /**
   * Requests for a model that was not open, in an environment that has opened as many as it should: an alias was answered by
   * the version before. Sum.
   */
  public metricSwapLimitReached(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.swapLimitReached, SUM, options);
  }

  /** Requests refused for a reason that the caller can mend. Sum. */
  public metricClientErrors(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.clientError, SUM, options);
  }

  /** Requests that failed for a reason of the service, temporary or not. Sum. */
  public metricServerErrors(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.serverError, SUM, options);
  }

  /** Requests that were answered with status 500. Sum. */
  public metricInternalErrors(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.internalError, SUM, options);
  }

  /**
   * Requests refused or failed with one code. Sum.
   * @param code one that docs/monitoring.md lists
   */
  public metricErrorsOf(code: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.error, SUM, options, { [DIMENSIONS.code]: code });
  }

  /** Requests that waited for an execution environment to start. Sum. */
  public metricColdStarts(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.coldStart, SUM, options);
  }

  /** Share of the requests that waited for an execution environment to start, 0 to 1. Average. */
  public metricColdStartShare(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(METRICS.coldStart, AVERAGE, options);
  }

  private metric(
    name: string,
    statistic: string,
    options?: cloudwatch.MetricOptions,
    dimensions?: Readonly<Record<string, string>>,
  ): cloudwatch.Metric {
    return functionMetric(
      { handler: this.inferFunction, service: 'infer', name, statistic, dimensions },
      options,
    );
  }
}
