import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { METRICS, METRICS_NAMESPACE } from '../contracts/metrics';
import { functionMetric } from '../private/function-metric';

const { SUM } = cloudwatch.Stats;

/**
 * What can be measured of a gateway: API Gateway's own metrics of the stage, and those of the authorizer.
 * @internal
 */
export abstract class MeasuredGateway extends Construct {
  /** The REST API. */
  public abstract readonly restApi: apigateway.RestApi;
  /** Name of its stage. */
  public abstract readonly stageName: string;
  /** The function that verifies tokens; undefined with IAM access. */
  public abstract readonly authorizeFunction?: lambda.Function;

  /** Requests that came to the gateway, whatever became of them. Sum. */
  public metricRequests(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.stageMetric('Count', { statistic: SUM, ...options });
  }

  /** Answers with status 4xx, the gateway's own and those of functions. Sum. */
  public metricClientErrors(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.stageMetric('4XXError', { statistic: SUM, ...options });
  }

  /** Answers with status 5xx, the gateway's own and those of functions. Sum. */
  public metricServerErrors(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.stageMetric('5XXError', { statistic: SUM, ...options });
  }

  /** Time from the request to the answer, in milliseconds: authorizer, function and the gateway itself. p99. */
  public metricLatency(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.stageMetric('Latency', { statistic: cloudwatch.Stats.p(99), ...options });
  }

  /** Requests that the gateway turned away with status 429. Written only where there are access logs. Sum. */
  public metricThrottled(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: METRICS_NAMESPACE,
      metricName: METRICS.throttled,
      statistic: SUM,
      ...options,
      dimensionsMap: { ApiId: this.restApi.restApiId, ...options?.dimensionsMap },
    });
  }

  /** Requests whose token proved nothing; undefined with IAM access. Sum. */
  public metricUnauthenticated(options?: cloudwatch.MetricOptions): cloudwatch.Metric | undefined {
    return this.authorizerMetric(METRICS.unauthenticated, options);
  }

  /** Requests for which could not be found out whether the token is good; undefined with IAM access. Sum. */
  public metricAuthorizerFailures(options?: cloudwatch.MetricOptions): cloudwatch.Metric | undefined {
    return this.authorizerMetric(METRICS.authorizerFailure, options);
  }

  /**
   * The stage by its name, not by a reference: the stage comes after the functions behind it, and what watches their
   * release comes before them.
   */
  private stageMetric(metricName: string, options: cloudwatch.MetricOptions): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: 'AWS/ApiGateway',
      metricName,
      ...options,
      dimensionsMap: {
        ApiName: this.restApi.restApiName,
        Stage: this.stageName,
        ...options.dimensionsMap,
      },
    }).attachTo(this.restApi);
  }

  private authorizerMetric(name: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric | undefined {
    const handler = this.authorizeFunction;
    return handler && functionMetric({ handler, service: 'authorize', name, statistic: SUM }, options);
  }
}
