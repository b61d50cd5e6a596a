import { type Logger, LogLevelThreshold } from '@aws-lambda-powertools/logger';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Prediction, PredictionLatency } from '../../core/protocol/prediction.ts';
import { RecentlyUsed } from '../../core/registry/recently-used.ts';
import { DIMENSIONS, METRICS } from '../../lib/contracts/metrics.ts';
import { functionDimensions } from '../shared/function-metrics.ts';
import { type ApiRequest, invocationAtHand } from '../shared/invocation.ts';
import { MetricsLine } from '../shared/metrics-line.ts';

export interface PredictionLogTools {
  /** Decides by its level whether predictions are logged; metrics are written in any case. */
  readonly logger: Pick<Logger, 'level'>;
  /** @param text whole lines */
  readonly write: (text: string) => void;
}

const SERVICE = 'infer';

/** What an answered request is counted with, and where its time went. */
const MEASURED = [
  [METRICS.requests, MetricUnit.Count],
  [METRICS.coldStart, MetricUnit.Count],
  [METRICS.latency, MetricUnit.Milliseconds],
  [METRICS.resolveTime, MetricUnit.Milliseconds],
  [METRICS.decodeTime, MetricUnit.Milliseconds],
  [METRICS.loadTime, MetricUnit.Milliseconds],
  [METRICS.runTime, MetricUnit.Milliseconds],
  [METRICS.encodeTime, MetricUnit.Milliseconds],
] as const;

/** Versions whose metrics are prepared. */
const CAPACITY = 1000;

/**
 * Writes the two lines of an answered inference at once: the prediction, and its metrics for the function and once more for
 * the version that answered. They are what a request costs beside its inference, so that they have a writer of their own;
 * their shapes are those of all other lines (docs/adr/0016-lines-of-a-request.md).
 */
export function predictionLog(
  { logger, write }: PredictionLogTools,
  environment: NodeJS.ProcessEnv = process.env,
): (prediction: Prediction) => void {
  const prepared = new RecentlyUsed<string, MetricsLine>(CAPACITY);
  const ofFunction = functionDimensions(SERVICE, environment);
  const isLogged = logger.level <= LogLevelThreshold.INFO;

  function metricsOf({ model, version }: Prediction): MetricsLine {
    const key = `${model}/${version}`;
    const known = prepared.get(key);
    if (known) return known;
    const dimensions = { ...ofFunction, [DIMENSIONS.model]: model, [DIMENSIONS.version]: version };
    const sets = [Object.keys(ofFunction), Object.keys(dimensions)];
    const line = new MetricsLine({ metrics: MEASURED, dimensions, sets });
    prepared.set(key, line);
    return line;
  }

  return (prediction) => {
    const { request } = invocationAtHand() ?? {};
    const now = new Date();
    const latencyMs = inMicroseconds(prediction.latencyMs);
    const { total, resolve, decode, load, run, encode } = latencyMs;
    const values = [1, request?.isColdStart ? 1 : 0, total, resolve, decode, load, run, encode];
    let lines = `${metricsOf(prediction).text(now.getTime(), values)}\n`;
    if (isLogged) {
      lines = `${predictionLine(now, { ...prediction, latencyMs }, request)}\n${lines}`;
    }
    write(lines);
    if (request) request.isCounted = true;
  };
}

/** The line as Powertools' logger would write it. */
function predictionLine(now: Date, prediction: Prediction, request: ApiRequest | undefined): string {
  return JSON.stringify({
    level: 'INFO',
    message: 'prediction',
    timestamp: now.toISOString(),
    service: SERVICE,
    ...request?.logKeys,
    sampling_rate: 0,
    xray_trace_id: xRayTraceId(),
    prediction,
  });
}

/** The trace that Lambda reports the invocation in. */
function xRayTraceId(): string | undefined {
  return /Root=([^;]+)/.exec(process.env['_X_AMZN_TRACE_ID'] ?? '')?.[1];
}

/** To the microsecond: what the clock says beyond is noise, and half of the digits. */
function inMicroseconds(latency: PredictionLatency): PredictionLatency {
  return {
    resolve: rounded(latency.resolve),
    decode: rounded(latency.decode),
    load: rounded(latency.load),
    run: rounded(latency.run),
    encode: rounded(latency.encode),
    total: rounded(latency.total),
  };
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
