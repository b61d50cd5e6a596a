import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { APIGatewayProxyEvent, APIGatewayTokenAuthorizerEvent, Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { Reply } from '../../../conformance/check.ts';
import { onlyOutput } from '../../../conformance/inference.ts';
import { ENVIRONMENT } from '../../../lib/contracts/environment.ts';
import { TestIssuer } from '../../support/token-issuer.ts';
import { registerModels } from './models.ts';
import { assertRefused } from './refusal.ts';

const deployment = inject('deployment');
const context = {
  functionName: 'infer',
  awsRequestId: 'a5ee2a35-1c1e-4b7a-8f3e-0d6c1d3c5b42',
  getRemainingTimeInMillis: () => 29_000,
} as Context;

const read = <T>(file: string): T =>
  JSON.parse(readFileSync(new URL(`../../../events/${file}`, import.meta.url), 'utf8'));

beforeAll(() => {
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'true');
});
afterAll(() => vi.unstubAllEnvs());

describe('the function infer takes the events of API Gateway', () => {
  beforeAll(async () => {
    vi.stubEnv(ENVIRONMENT.registryTable, deployment.registryTable);
    vi.stubEnv(ENVIRONMENT.artifactsBucket, deployment.artifactsBucket);
    vi.stubEnv('AWS_LAMBDA_FUNCTION_MEMORY_SIZE', '1769');
    vi.stubEnv('AWS_REGION', deployment.region);
    vi.stubEnv('AWS_ENDPOINT_URL', deployment.awsEndpoint);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    const path = fileURLToPath(new URL('../../support/models/fixed.onnx', import.meta.url));
    await registerModels(deployment, [{ model: 'fixed_by_event', path, alias: 'champion' }]);
  }, 60_000);

  /** Hands over the event and reads the result as the gateway does. */
  async function answer(file: string): Promise<Reply> {
    const { handler } = await import('../../../lambdas/infer/handler.ts');
    const { statusCode, headers, body, isBase64Encoded } = await handler(
      read<APIGatewayProxyEvent>(file),
      context,
    );
    return {
      status: statusCode,
      headers: new Headers(headers as Record<string, string>),
      bytes: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
    };
  }

  it.each([
    'infer/json-request.json',
    'infer/json-request-as-text.json',
    'infer/caller-with-iam.json',
    'infer/behind-base-path.json',
  ])('%s is answered in JSON', async (file) => {
    expect(onlyOutput(await answer(file)).data).toEqual([1, 2, 3, 4]);
  });

  it('infer/binary-request.json is answered in bytes', async () => {
    expect(onlyOutput(await answer('infer/binary-request.json')).raw?.toString('hex')).toBe(
      '0000803f000000400000404000008040',
    );
  });

  it('infer/metadata-request.json is answered with the description of the version', async () => {
    const { status, bytes } = await answer('infer/metadata-request.json');

    expect(status).toBe(200);
    expect(JSON.parse(Buffer.from(bytes).toString())).toMatchObject({ name: 'fixed_by_event' });
  });

  it('infer/broken-json.json is refused and quotes the id of the request', async () => {
    const reply = await answer('infer/broken-json.json');

    assertRefused(reply, 400);
    expect(JSON.parse(Buffer.from(reply.bytes).toString()).request_id).toBe(
      read<APIGatewayProxyEvent>('infer/broken-json.json').requestContext.requestId,
    );
  });

  it.each(['infer/caller-without-scope.json', 'infer/caller-unknown.json'])(
    '%s is refused with 403, in text that needs no decoding',
    async (file) => {
      const reply = await answer(file);

      assertRefused(reply, 403, { code: 'PERMISSION_DENIED', names: 'infer' });
      expect(reply.headers.get('content-type')).toBe('application/json');
    },
  );
});

describe('the function authorize takes the events of API Gateway', () => {
  const issuer = new TestIssuer();

  beforeAll(async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER', await issuer.start());
    vi.stubEnv(
      ENVIRONMENT.tokenIssuer,
      JSON.stringify({
        issuer: issuer.issuer,
        jwksUri: `${issuer.issuer}/.well-known/jwks.json`,
        scopeClaims: [{ claim: 'scope', prefix: 'strata/' }],
      }),
    );
    vi.stubEnv(ENVIRONMENT.prefixScopes, JSON.stringify({ v2: ['infer'] }));
  });
  afterAll(() => issuer.stop());

  async function decide(event: APIGatewayTokenAuthorizerEvent) {
    const { handler } = await import('../../../lambdas/authorize/handler.ts');
    return handler(event);
  }

  it('authorize/bearer-token.json with a valid token opens the prefix for the stage of the event', async () => {
    const event = read<APIGatewayTokenAuthorizerEvent>('authorize/bearer-token.json');
    const authorizationToken = event.authorizationToken.replace(
      '<access token>',
      issuer.token({ scope: 'strata/infer' }),
    );

    const { policyDocument, context: carried } = await decide({ ...event, authorizationToken });

    const stage = 'arn:aws:execute-api:eu-west-1:123456789012:abc123/prod';
    expect(policyDocument.Statement).toMatchObject([
      { Effect: 'Allow', Resource: expect.arrayContaining([`${stage}/GET/v2`, `${stage}/POST/v2/*`]) },
    ]);
    expect(carried).toMatchObject({ principal: 'machine-1', scopes: 'infer' });
  });

  it.each(['authorize/bearer-token.json', 'authorize/garbage.json'])(
    '%s as it stands is refused with the text that makes API Gateway answer 401',
    async (file) => {
      await expect(decide(read(file))).rejects.toThrow(/^Unauthorized$/);
    },
  );
});
