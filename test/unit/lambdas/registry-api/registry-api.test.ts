import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readEnvironment } from '../../../../lambdas/registry-api/environment.ts';
import type { RegistryCheckResult, SelfCheckEvent } from '../../../../lambdas/shared/self-check.ts';
import { ENVIRONMENT } from '../../../../lib/contracts/environment.ts';
import { AwsInMemory } from '../../../support/aws-in-memory.ts';

type Handler = (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult>;

const read = <T>(file: string): T =>
  JSON.parse(readFileSync(new URL(`../../../../events/${file}`, import.meta.url), 'utf8'));
const context = {
  functionName: 'registry-api',
  awsRequestId: 'a5ee2a35-1c1e-4b7a-8f3e-0d6c1d3c5b42',
} as Context;
const VARIABLES = { [ENVIRONMENT.registryTable]: 'registry-table' };

const aws = new AwsInMemory();
let handler: Handler;

beforeAll(async () => {
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
  ({ handler } = await import('../../../../lambdas/registry-api/handler.ts'));
});
afterAll(() => {
  vi.unstubAllEnvs();
  aws.restore();
});

const bodyOf = ({ body, isBase64Encoded, headers }: APIGatewayProxyResult): unknown => {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  return JSON.parse(String(headers?.['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes));
};

describe('the function registry-api', () => {
  it('answers create-model.json with the model, and with 400 when it is there', async () => {
    const event = read<APIGatewayProxyEvent>('registry-api/create-model.json');
    const created = await handler(event, context);
    expect(created.statusCode).toBe(200);
    expect(bodyOf(created)).toMatchObject({
      registered_model: { name: 'credit risk', tags: [{ key: 'team', value: 'risk' }] },
    });
    const again = await handler(event, context);
    expect(again.statusCode).toBe(400);
    expect(bodyOf(again)).toMatchObject({
      error_code: 'RESOURCE_ALREADY_EXISTS',
      request_id: event.requestContext.requestId,
    });
  });

  it('reads every value of search-models.json', async () => {
    const found = await handler(read('registry-api/search-models.json'), context);
    expect(found.statusCode).toBe(200);
    expect(bodyOf(found)).toMatchObject({ registered_models: [{ name: 'credit risk' }] });
  });

  it('refuses without-scope.json', async () => {
    const refused = await handler(read('registry-api/without-scope.json'), context);
    expect([refused.statusCode, bodyOf(refused)]).toMatchObject([403, { error_code: 'PERMISSION_DENIED' }]);
  });

  it('tries itself for self-check.json', async () => {
    const check = handler as unknown as (
      event: SelfCheckEvent,
      context: Context,
    ) => Promise<RegistryCheckResult>;
    const { listing, lookup } = await check(read('registry-api/self-check.json'), context);
    expect([listing.statusCode, lookup.statusCode]).toEqual([200, 404]);
  });

  it('does not start without the name of the table', () => {
    expect(() => readEnvironment({})).toThrow(ENVIRONMENT.registryTable);
  });
});
