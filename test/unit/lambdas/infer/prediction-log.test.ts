import { Logger } from '@aws-lambda-powertools/logger';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EngineEvent } from '../../../../core/engine/engine-event.ts';
import type { Prediction } from '../../../../core/protocol/prediction.ts';
import { predictionLog } from '../../../../lambdas/infer/prediction-log.ts';
import { measureEngine } from '../../../../lambdas/shared/engine-events.ts';
import { functionLogger } from '../../../../lambdas/shared/function-logger.ts';
import { functionMetrics } from '../../../../lambdas/shared/function-metrics.ts';
import { type ApiRequest, withinInvocation } from '../../../../lambdas/shared/invocation.ts';
import { cloudWatchMetrics, printed } from '../../../support/printed.ts';
import '../../../support/own-temporary-folder.ts';

/** Metrics of a model version: each is paid for by the month. */
const METRICS_OF_A_VERSION = 8;

const ENVIRONMENT = { AWS_LAMBDA_FUNCTION_NAME: 'infer-4711' };

const OF_FUNCTION = 'function_name=infer-4711,service=infer';
const OF_VERSION = 'function_name=infer-4711,model=credit,service=infer,version=7';

const prediction: Prediction = {
  predictionId: 'p',
  requestId: 'r',
  principal: 'somebody@example.com',
  model: 'credit',
  version: '7',
  digest: 'ab'.repeat(32),
  latencyMs: { resolve: 1, decode: 2, load: 3, run: 4, encode: 5, total: 15 },
  requestBytes: 10,
  responseBytes: 20,
};

const size = { digest: 'ab'.repeat(32), size: 10 };

/** One event of each kind that the engine tells. */
const EVENTS: { readonly [Type in EngineEvent['type']]: EngineEvent } = {
  'session-loaded': {
    type: 'session-loaded',
    ...size,
    source: 'store',
    runtimeMs: 1,
    fetchMs: 20,
    openMs: 300,
    warmUpMs: 4000,
    warm: true,
  },
  'load-failed': { type: 'load-failed', ...size, code: 'MODEL_LOAD_FAILED' },
  'session-evicted': { type: 'session-evicted', ...size },
  'swap-limit-reached': {
    type: 'swap-limit-reached',
    model: 'credit',
    version: '8',
    instead: '7',
    opened: 442,
  },
  'digest-mismatch': { type: 'digest-mismatch', source: 'store', expected: size, actual: size },
  'signature-invalid': {
    type: 'signature-invalid',
    model: 'credit',
    version: '8',
    digest: 'ab'.repeat(32),
    reason: 'no signed manifest',
  },
};

const request: ApiRequest = {
  trace: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: false },
  isColdStart: true,
  logKeys: {
    cold_start: true,
    function_name: 'infer-4711',
    request_id: 'r',
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    span_id: '00f067aa0ba902b7',
    parent_span_id: undefined,
  },
  isCounted: false,
};

/** What is printed for predictions in one request. */
async function written(
  predictions: readonly Prediction[],
  { logger = functionLogger('infer'), invoked = { ...request } } = {},
) {
  const log = predictionLog({ logger, write: (lines) => process.stdout.write(lines) }, ENVIRONMENT);
  return await printed(async () => {
    withinInvocation({ context: { getRemainingTimeInMillis: () => 1000 }, request: invoked }, () => {
      for (const each of predictions) log(each);
    });
  });
}

/** What the engine counts. */
async function measured(events: readonly EngineEvent[]): Promise<Map<string, unknown>> {
  const metrics = functionMetrics('infer', ENVIRONMENT);
  const { metrics: lines } = await printed(async () => {
    for (const event of events) measureEngine(event, metrics);
    metrics.publishStoredMetrics();
  });
  return cloudWatchMetrics(lines);
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('an answered inference', () => {
  it('is measured for the function, and for the version that answered', async () => {
    const metrics = cloudWatchMetrics((await written([prediction])).metrics);
    for (const dimensions of [OF_FUNCTION, OF_VERSION]) {
      const names = ['Latency', 'ResolveTime', 'DecodeTime', 'LoadTime', 'RunTime', 'EncodeTime'];
      const values = [...names, 'Requests', 'ColdStart'].map((name) =>
        metrics.get(`Strata/${name}{${dimensions}}`),
      );
      expect(values).toEqual([15, 1, 2, 3, 4, 5, 1, 1]);
    }
    expect(metrics.size).toBe(2 * METRICS_OF_A_VERSION);
  });

  it('is measured for each version apart', async () => {
    const other = { ...prediction, version: '8', latencyMs: { ...prediction.latencyMs, total: 16 } };
    const metrics = cloudWatchMetrics((await written([prediction, other, prediction])).metrics);
    expect(metrics.get(`Strata/Latency{${OF_VERSION}}`)).toBe(15);
    expect(metrics.get(`Strata/Latency{${OF_VERSION.replace('version=7', 'version=8')}}`)).toBe(16);
  });

  it('is counted in its own line, so that nobody counts it again', async () => {
    const invoked = { ...request };
    await written([prediction], { invoked });
    expect(invoked.isCounted).toBe(true);
  });

  it('says nothing of who asked in its metrics', async () => {
    expect(JSON.stringify((await written([prediction])).metrics)).not.toContain('somebody');
  });

  it('is logged with who asked, which version answered, and what every line of the request tells', async () => {
    const { log } = await written([prediction]);
    expect(log).toEqual([
      {
        level: 'INFO',
        message: 'prediction',
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        service: 'infer',
        cold_start: true,
        function_name: 'infer-4711',
        request_id: 'r',
        trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
        span_id: '00f067aa0ba902b7',
        sampling_rate: 0,
        prediction,
      },
    ]);
  });

  it('has the fields, in the order, that the logger gives to all lines', async () => {
    vi.stubEnv(
      '_X_AMZN_TRACE_ID',
      'Root=1-6927a1b2-3c4d5e6f708192a3b4c5d6e7;Parent=53995c3f42cd8ad8;Sampled=0',
    );
    const other = await printed(async () => {
      withinInvocation({ context: { getRemainingTimeInMillis: () => 1000 }, request }, () =>
        functionLogger('infer').info('prediction', { prediction }),
      );
    });
    const { log } = await written([prediction]);
    const comparable = (lines: typeof log) => lines.map((line) => Object.entries({ ...line, timestamp: '' }));
    expect(comparable(log)).toEqual(comparable(other.log));
    expect(log[0]).toHaveProperty('xray_trace_id', '1-6927a1b2-3c4d5e6f708192a3b4c5d6e7');
  });

  it('has times to the microsecond', async () => {
    const latencyMs = { ...prediction.latencyMs, run: 0.17177799999990384, total: 1e-7 };
    const { log, metrics } = await written([{ ...prediction, latencyMs }]);
    expect(log[0]).toHaveProperty('prediction.latencyMs', { ...latencyMs, run: 0.172, total: 0 });
    expect(metrics[0]).toMatchObject({ RunTime: 0.172, Latency: 0 });
  });

  it('is measured, and not logged, where the log takes warnings only', async () => {
    const { log, metrics } = await written([prediction], { logger: new Logger({ logLevel: 'WARN' }) });
    expect(log).toEqual([]);
    expect(metrics).toHaveLength(1);
  });

  it('is written at once: two lines, one call', () => {
    const calls: string[] = [];
    const logger = functionLogger('infer');
    predictionLog({ logger, write: (text) => calls.push(text) }, ENVIRONMENT)(prediction);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.split('\n').map((line) => line.slice(0, 8))).toEqual(['{"level"', '{"_aws":', '']);
  });
});

describe('the engine', () => {
  it('is measured where a model is opened: the whole time', async () => {
    const metrics = await measured([EVENTS['session-loaded']]);
    expect(metrics.get(`Strata/ModelLoadTime{${OF_FUNCTION}}`)).toBe(4321);
  });

  it('makes no metric of a version, whatever happens', async () => {
    const metrics = await measured(Object.values(EVENTS));
    expect([...metrics.keys()].filter((name) => name.includes('version='))).toEqual([]);
  });

  it.each([
    ['load-failed', 'ModelLoadFailure'],
    ['digest-mismatch', 'DigestMismatch'],
    ['signature-invalid', 'SignatureInvalid'],
    ['swap-limit-reached', 'SwapLimitReached'],
  ] as const)('counts %s', async (type, name) => {
    expect((await measured([EVENTS[type]])).get(`Strata/${name}{${OF_FUNCTION}}`)).toBe(1);
  });
});
