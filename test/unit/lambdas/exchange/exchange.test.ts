import { readFileSync } from 'node:fs';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readEnvironment } from '../../../../lambdas/exchange/environment.ts';
import { ENVIRONMENT } from '../../../../lib/contracts/environment.ts';

const read = (file: string): APIGatewayProxyEvent =>
  JSON.parse(readFileSync(new URL(`../../../../events/${file}`, import.meta.url), 'utf8'));
const context = { functionName: 'exchange', awsRequestId: 'a5ee2a35-1c1e-4b7a-8f3e-0d6c1d3c5b42' } as Context;

const VARIABLES = {
  [ENVIRONMENT.exchangeBucket]: 'exchange-bucket',
  [ENVIRONMENT.exchangeUrlExpiry]: '120',
  [ENVIRONMENT.exchangeMaxUpload]: '20971536',
};

beforeAll(() => {
  const environment = {
    ...VARIABLES,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIATEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL: undefined,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_METRICS_DISABLED: 'true',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
});
afterAll(() => vi.unstubAllEnvs());

describe('the function exchange', () => {
  it('answers exchange/two-uploads.json with addresses in its bucket', async () => {
    const { handler } = await import('../../../../lambdas/exchange/handler.ts');
    const { statusCode, body } = await handler(read('exchange/two-uploads.json'), context);
    expect(statusCode).toBe(200);
    const { uploads } = JSON.parse(body) as { uploads: { url: string; parameters: { s3_object: string } }[] };
    expect(uploads).toHaveLength(2);
    for (const { url, parameters } of uploads) {
      const { host, pathname, searchParams } = new URL(url);
      expect(host).toBe('exchange-bucket.s3.eu-west-1.amazonaws.com');
      expect(parameters.s3_object).toBe(`s3://exchange-bucket${pathname}`);
      expect(searchParams.get('X-Amz-Expires')).toBe('120');
    }
  });

  it.each(Object.keys(VARIABLES))('does not start without %s', (name) => {
    expect(() => readEnvironment({ ...VARIABLES, [name]: undefined })).toThrow(name);
  });
});
