import type { MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRICS_NAMESPACE } from '../../lib/contracts/metrics.ts';

export interface MetricsLineOptions {
  /** Names with their units. */
  readonly metrics: readonly (readonly [name: string, unit: (typeof MetricUnit)[keyof typeof MetricUnit]])[];
  readonly dimensions: Readonly<Record<string, string>>;
  /** Names of dimensions: each metric is counted once for each set. */
  readonly sets: readonly (readonly string[])[];
}

/**
 * A line of metrics in CloudWatch's embedded metric format that is written again and again with other values: all but these
 * is prepared. Source: CloudWatch User Guide, "Specification: Embedded metric format".
 */
export class MetricsLine {
  readonly #head: string;
  readonly #names: readonly string[];

  constructor({ metrics, dimensions, sets }: MetricsLineOptions) {
    const definition = {
      Namespace: METRICS_NAMESPACE,
      Dimensions: sets,
      Metrics: metrics.map(([Name, Unit]) => ({ Name, Unit })),
    };
    const properties = JSON.stringify(dimensions).slice(1, -1);
    this.#head = `,"CloudWatchMetrics":${JSON.stringify([definition])}},${properties}`;
    this.#names = metrics.map(([name]) => `,${JSON.stringify(name)}:`);
  }

  /**
   * @param timestamp milliseconds since 1970
   * @param values finite numbers in the order of the metrics
   */
  text(timestamp: number, values: readonly number[]): string {
    let text = `{"_aws":{"Timestamp":${timestamp}${this.#head}`;
    for (let i = 0; i < values.length; i++) text += `${this.#names[i]}${values[i]}`;
    return `${text}}`;
  }
}
