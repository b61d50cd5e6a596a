import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { InvalidInputError, UnavailableError } from '../../../../core/errors.ts';
import { errorResponse } from '../../../../core/protocol/error-response.ts';
import type { ProtocolResponse } from '../../../../core/protocol/http.ts';
import { unsupported } from '../../../../core/protocol/protocol-error.ts';
import { parseTraceparent } from '../../../../core/protocol/trace-context.ts';
import jsonRequest from '../../../../events/infer/json-request.json' with { type: 'json' };
import { apiHandler } from '../../../../lambdas/shared/api-handler.ts';
import { functionLogger } from '../../../../lambdas/shared/function-logger.ts';
import { functionMetrics } from '../../../../lambdas/shared/function-metrics.ts';
import { COUNTED_CODES } from '../../../../lib/contracts/metrics.ts';
import { cloudWatchMetrics, printed } from '../../../support/printed.ts';

const event = jsonRequest as unknown as APIGatewayProxyEvent;
const context = { functionName: 'infer-4711', awsRequestId: 'request-1' } as Context;
const OF_FUNCTION = 'function_name=infer-4711,service=infer';

const served: ProtocolResponse = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{}'),
};

/** What a function whose core does `core` answers, logs and counts. */
async function invoked(core: () => Promise<ProtocolResponse>, request: APIGatewayProxyEvent = event) {
  const logger = functionLogger('infer');
  const metrics = functionMetrics('infer', { AWS_LAMBDA_FUNCTION_NAME: 'infer-4711' });
  const handler = apiHandler(core, { logger, metrics });
  const answers: Awaited<ReturnType<typeof handler>>[] = [];
  const out = await printed(async () => {
    answers.push(await handler(request, context));
  });
  return { answer: answers[0], log: out.log, metrics: cloudWatchMetrics(out.metrics) };
}

const failing = (error: unknown) => async () => errorResponse(error, 'request-1');

describe('a request that is served', () => {
  it('is counted, and nothing else', async () => {
    const { metrics } = await invoked(async () => served);
    expect([...metrics]).toEqual([
      [`Strata/Requests{${OF_FUNCTION}}`, 1],
      [`Strata/ColdStart{${OF_FUNCTION}}`, 1],
    ]);
  });
});

describe('a request that fails', () => {
  const invalid = new InvalidInputError('SHAPE_MISMATCH', 'secret 4711 is not a shape');
  const silent = new UnavailableError('REGISTRY_UNAVAILABLE', 'try again');

  it.each([
    ['by the caller', invalid, ['ClientError'], 'OTHER_CLIENT_ERROR'],
    [
      'by the caller, with a code of interest',
      new InvalidInputError('INFERENCE_FAILED', '?'),
      ['ClientError'],
      'INFERENCE_FAILED',
    ],
    ['because it is not offered', unsupported('no'), ['ClientError'], 'OTHER_CLIENT_ERROR'],
    ['for a while', silent, ['ServerError'], 'REGISTRY_UNAVAILABLE'],
    [
      'for a reason nobody named',
      new UnavailableError('NEW_CODE', '?'),
      ['ServerError'],
      'OTHER_SERVER_ERROR',
    ],
    ['by a fault of ours', new TypeError('x is undefined'), ['ServerError', 'InternalError'], 'INTERNAL'],
  ])('%s is counted by who has to act, and by code', async (_why, error, counted, code) => {
    const { metrics } = await invoked(failing(error));
    const expected = ['Requests', 'ColdStart', ...counted].map((name) => `Strata/${name}{${OF_FUNCTION}}`);
    expected.push(`Strata/Error{code=${code},${OF_FUNCTION}}`);
    // By the function's version too, for the release that may have brought it.
    if (code === 'INTERNAL') {
      expected.push(`Strata/VersionFault{function_name=infer-4711,function_version=local,service=infer}`);
    }
    expect([...metrics.keys()].sort()).toEqual(expected.sort());
  });

  it('outside of the core is counted as a fault of ours, and answered neutrally', async () => {
    const { metrics, answer } = await invoked(async () => {
      throw new TypeError('x is undefined');
    });
    expect(metrics.get(`Strata/InternalError{${OF_FUNCTION}}`)).toBe(1);
    expect(metrics.get(`Strata/Error{code=INTERNAL,${OF_FUNCTION}}`)).toBe(1);
    expect(answer?.statusCode).toBe(500);
    expect(answer?.body).not.toContain('undefined');
  });

  it('is logged with code, status, method and path, and without the message, which may quote the caller', async () => {
    const { log } = await invoked(failing(invalid));
    const request = { status: 400, code: 'SHAPE_MISMATCH', method: 'POST', path: event.path };
    expect(log).toContainEqual(
      expect.objectContaining({ level: 'INFO', message: 'request refused', request }),
    );
    expect(JSON.stringify(log)).not.toContain('4711 is not');
    const ours = await invoked(failing(silent));
    expect(ours.log).toContainEqual(expect.objectContaining({ level: 'ERROR', message: 'request failed' }));
  });

  it('of whatever code makes a bounded number of metrics', async () => {
    const seen = new Set<string>();
    const codes = [...COUNTED_CODES, ...Array.from({ length: 50 }, (_, i) => `CODE_${i}`)];
    for (const code of codes) {
      for (const statusCode of [400, 500, 503]) {
        const { metrics } = await invoked(failing(new InvalidInputError(code, '?', { statusCode })));
        for (const name of metrics.keys()) seen.add(name);
      }
    }
    expect([...seen].filter((name) => name.includes('code=')).length).toBe(COUNTED_CODES.length + 2);
  });
});

describe('the trace of a request', () => {
  const SENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const traced = { ...event, headers: { ...event.headers, TraceParent: SENT } };

  it('goes on in the answer and in every line of the log', async () => {
    const { answer, log } = await invoked(failing(new InvalidInputError('X', 'x')), traced);
    const header = parseTraceparent(String(answer?.headers?.['traceparent']));
    expect(header).toMatchObject({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', sampled: true });
    expect(header?.spanId).not.toBe('00f067aa0ba902b7');
    for (const line of log) {
      expect(line).toMatchObject({
        request_id: event.requestContext.requestId,
        trace_id: header?.traceId,
        span_id: header?.spanId,
        parent_span_id: '00f067aa0ba902b7',
      });
    }
    expect(log.length).toBeGreaterThan(0);
  });

  it('is in the answer to a fault of ours, too', async () => {
    const { answer } = await invoked(async () => {
      throw new TypeError('x is undefined');
    }, traced);
    expect(answer?.headers?.['traceparent']).toContain('4bf92f3577b34da6a3ce929d0e0e4736');
  });

  it('is X-Ray’s when the caller brings none', async () => {
    const { answer } = await invoked(async () => served);
    expect(answer?.headers?.['traceparent']).toMatch(/^00-6927a1b23c4d5e6f708192a3b4c5d6e7-[0-9a-f]{16}-00$/);
  });
});
