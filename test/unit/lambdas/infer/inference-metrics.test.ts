import { describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../../../core/engine/engine-event.ts';
import type { Prediction } from '../../../../core/protocol/prediction.ts';
import { measurePrediction } from '../../../../lambdas/infer/inference-metrics.ts';
import { measureEngine } from '../../../../lambdas/shared/engine-events.ts';
import { functionMetrics } from '../../../../lambdas/shared/function-metrics.ts';
import { cloudWatchMetrics, printed } from '../../../support/printed.ts';
import '../../../support/own-temporary-folder.ts';

/** Metrics that one model version may have: each is paid for by the month. */
const MOST_METRICS_OF_A_VERSION = 20;

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
};

async function measured(events: readonly EngineEvent[]): Promise<Map<string, unknown>> {
  const metrics = functionMetrics('infer', { AWS_LAMBDA_FUNCTION_NAME: 'infer-4711' });
  const { metrics: lines } = await printed(async () => {
    for (const event of events) measureEngine(event, metrics);
    measurePrediction(prediction, metrics);
    metrics.publishStoredMetrics();
  });
  return cloudWatchMetrics(lines);
}

describe('an answered inference', () => {
  it('is measured for the function, and for the version that answered', async () => {
    const metrics = await measured([]);
    for (const dimensions of [OF_FUNCTION, OF_VERSION]) {
      const times = ['Latency', 'ResolveTime', 'DecodeTime', 'LoadTime', 'RunTime', 'EncodeTime'];
      expect(times.map((name) => metrics.get(`Strata/${name}{${dimensions}}`))).toEqual([15, 1, 2, 3, 4, 5]);
    }
  });

  it('says nothing of who asked', async () => {
    expect([...(await measured([])).keys()].join()).not.toContain('somebody');
  });

  it(`makes ${MOST_METRICS_OF_A_VERSION} metrics of a version at most, whatever happens in the request`, async () => {
    const ofVersion = [...(await measured(Object.values(EVENTS))).keys()].filter((name) =>
      name.includes('version=7'),
    );
    expect(ofVersion.length).toBeGreaterThan(6);
    // Requests and the two counts of refused requests may be in the same line.
    expect(ofVersion.length).toBeLessThanOrEqual(MOST_METRICS_OF_A_VERSION - 4);
  });
});

describe('the engine', () => {
  it('is measured where a model is opened: the whole time', async () => {
    const metrics = await measured([EVENTS['session-loaded']]);
    expect(metrics.get(`Strata/ModelLoadTime{${OF_FUNCTION}}`)).toBe(4321);
  });

  it.each([
    ['load-failed', 'ModelLoadFailure'],
    ['digest-mismatch', 'DigestMismatch'],
    ['swap-limit-reached', 'SwapLimitReached'],
  ] as const)('counts %s', async (type, name) => {
    expect((await measured([EVENTS[type]])).get(`Strata/${name}{${OF_FUNCTION}}`)).toBe(1);
  });
});
