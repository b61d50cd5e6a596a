import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lambda } from '../../../../aws/clients.ts';
import { versionInvoker } from '../../../../lambdas/check-release/invoke-version.ts';

const VERSION = 'arn:aws:lambda:eu-west-1:123456789012:function:infer:7';

interface Answer {
  readonly status: number;
  /** Type of the error of Lambda itself. */
  readonly type?: string;
  /** Header by which Lambda says that the function failed. */
  readonly failed?: string;
  readonly body?: unknown;
}

const answers: Answer[] = [];
const asked: string[] = [];
// In the place of Lambda: the client is the real one.
const server = createServer((request, response) => {
  asked.push(decodeURIComponent(request.url ?? ''));
  const { status, type, failed, body } = answers.shift() ?? { status: 200 };
  if (type) response.setHeader('x-amzn-errortype', type);
  if (failed) response.setHeader('x-amz-function-error', failed);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? '' : JSON.stringify(body));
});

let invoke: ReturnType<typeof versionInvoker>;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const awsEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  invoke = versionInvoker(lambda({ region: 'eu-west-1', awsEndpoint }), { attempts: 3, pauseMs: 1 });
});
beforeEach(() => {
  answers.length = 0;
  asked.length = 0;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

describe('a version that is invoked', () => {
  it('gives its result', async () => {
    answers.push({ status: 200, body: { fine: true } });
    expect(await invoke(VERSION, {})).toEqual({ payload: { fine: true }, failed: false });
    expect(asked).toEqual([`/2015-03-31/functions/${VERSION}/invocations`]);
  });

  it('gives no result', async () => {
    answers.push({ status: 200 });
    expect(await invoke(VERSION, {})).toEqual({ payload: null, failed: false });
  });

  it('fails, and is not asked again', async () => {
    const body = { errorMessage: 'out of order' };
    answers.push({ status: 200, failed: 'Unhandled', body });
    expect(await invoke(VERSION, {})).toEqual({ payload: body, failed: true });
    expect(asked).toHaveLength(1);
  });
});

describe('a version that cannot be invoked', () => {
  const unready = [
    { status: 403, type: 'AccessDeniedException' },
    { status: 409, type: 'ResourceConflictException' },
  ];

  it.each(unready)('yet is asked again: $type', async (refusal) => {
    answers.push(refusal, refusal, { status: 200, body: 'ready' });
    expect(await invoke(VERSION, {})).toEqual({ payload: 'ready', failed: false });
    expect(asked).toHaveLength(3);
  });

  it.each(unready)('for long is given up: $type', async (refusal) => {
    answers.push(refusal, refusal, refusal, { status: 200, body: 'too late' });
    await expect(invoke(VERSION, {})).rejects.toThrow(expect.objectContaining({ name: refusal.type }));
    expect(asked).toHaveLength(3);
  });

  it('for another reason is given up at once', async () => {
    answers.push({ status: 404, type: 'ResourceNotFoundException' });
    await expect(invoke(VERSION, {})).rejects.toThrow(
      expect.objectContaining({ name: 'ResourceNotFoundException' }),
    );
    expect(asked).toHaveLength(1);
  });
});
