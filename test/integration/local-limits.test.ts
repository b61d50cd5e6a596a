import { strToU8, zipSync } from 'fflate';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { call, callAs } from '../support/deployment.ts';

const MB = 1024 * 1024;
const INFER = '/v2/models/penguins/infer';

/** A body of so many bytes that says nothing. */
const body = (bytes: number) => new Uint8Array(bytes).fill(0x20);

describe('the limits of API Gateway and Lambda hold locally', () => {
  it('a body of more than 10 MB is refused before anybody is asked who sends it', async () => {
    const answer = await call('POST', INFER, { body: body(10 * MB + 1) });
    expect(answer.status).toBe(413);
    expect(answer.json()).toMatchObject({ error_code: 'REQUEST_TOO_LARGE' });
  });

  it('a body of 10 MB is not: it needs a token', async () => {
    expect((await call('POST', INFER, { body: body(10 * MB) })).status).toBe(401);
  });

  it('an event of more than 6 MB does not reach the function: base64 makes a body a third larger', async () => {
    const answer = await callAs(['infer'], 'POST', INFER, { body: body(5 * MB) });
    expect(answer.status).toBe(413);
    expect(answer.json()).toMatchObject({ error_code: 'REQUEST_TOO_LARGE' });
  });

  it('a body that fits reaches it', async () => {
    const answer = await callAs(['infer'], 'POST', INFER, { body: body(4 * MB) });
    expect(answer.status).toBe(400);
    expect(answer.json()).toHaveProperty('request_id');
  });
});

describe('requests arrive as they do from API Gateway', () => {
  it('bytes stay bytes without a content type', async () => {
    const request = strToU8(JSON.stringify({ inputs: 'ü' }));
    const answer = await callAs(['infer'], 'POST', INFER, { body: new Uint8Array([...request, 0xff, 0xfe]) });
    expect(answer.status).toBe(400);
    expect(answer.json<{ message: string }>().message).toMatch(/UTF-8/);
  });

  it('paths stay encoded: an encoded slash does not make a new segment', async () => {
    const answer = await callAs(['infer'], 'GET', '/v2/models/penguins%2Fready');
    expect(answer.status).toBe(404);
  });
});

/** A function beside the deployed ones, made and asked through Lambda's own API. */
const PROBE = 'local-limits-probe';
const CODE = `
exports.handler = async (event) => {
  if (event.fail) throw Object.assign(new Error('not now'), { name: event.fail });
  if (event.metric) console.log(JSON.stringify({
    _aws: { Timestamp: Date.now(), CloudWatchMetrics: [
      { Namespace: 'Probe', Dimensions: [['service']], Metrics: [{ Name: 'Count', Unit: 'Count' }] }] },
    service: 'probe', Count: event.metric,
  }));
  return 'x'.repeat(event.bytes ?? 0);
};`;

async function lambda(path: string, payload: unknown): Promise<Response> {
  return fetch(`${inject('deployment').awsEndpoint}/2015-03-31/functions${path}`, {
    method: 'POST',
    body: JSON.stringify(payload),
  });
}

const invoke = (event: unknown) => lambda(`/${PROBE}/invocations`, event);

describe('functions behave as on Lambda', () => {
  beforeAll(async () => {
    await lambda('', {
      FunctionName: PROBE,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/probe',
      Code: { ZipFile: Buffer.from(zipSync({ 'index.js': strToU8(CODE) })).toString('base64') },
    });
  });

  it('a result of more than 6 MB is an error', async () => {
    expect(await (await invoke({ bytes: 7 * MB })).json()).toEqual({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    });
    expect(await (await invoke({ bytes: 6 * MB })).text()).toHaveLength(6 * MB + 2);
  });

  it('an error keeps its name, which Retry and Catch match', async () => {
    const answer = await invoke({ fail: 'ModelNotReadyError' });
    expect(answer.headers.get('x-amz-function-error')).toBe('Unhandled');
    expect(await answer.json()).toMatchObject({ errorType: 'ModelNotReadyError', errorMessage: 'not now' });
  });

  it('a line in the embedded metric format is a metric', async () => {
    await invoke({ metric: 42 });
    const now = Date.now();
    const query = new URLSearchParams({
      Action: 'GetMetricStatistics',
      Version: '2010-08-01',
      Namespace: 'Probe',
      MetricName: 'Count',
      'Dimensions.member.1.Name': 'service',
      'Dimensions.member.1.Value': 'probe',
      StartTime: new Date(now - 600_000).toISOString(),
      EndTime: new Date(now + 60_000).toISOString(),
      Period: '60',
      'Statistics.member.1': 'Sum',
    });
    const answer = await fetch(`${inject('deployment').awsEndpoint}/`, { method: 'POST', body: query });
    expect(await answer.text()).toMatch(/<Sum>42(\.0)?<\/Sum>/);
  });
});
