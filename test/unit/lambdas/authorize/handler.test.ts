import type { APIGatewayTokenAuthorizerEvent } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { ENVIRONMENT } from '../../../../lib/contracts/environment.ts';
import { TestIssuer } from '../../../support/token-issuer.ts';

const issuer = new TestIssuer();
const written: string[] = [];

beforeAll(async () => {
  vi.stubEnv('AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER', await issuer.start());
  vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'authorize-function');
  vi.stubEnv(
    ENVIRONMENT.tokenIssuer,
    JSON.stringify({
      issuer: issuer.issuer,
      jwksUri: `${issuer.issuer}/.well-known/jwks.json`,
      scopeClaims: [{ claim: 'scope', prefix: 'strata/' }],
    }),
  );
  vi.stubEnv(ENVIRONMENT.prefixScopes, JSON.stringify({ v2: ['infer'] }));
  // The function's libraries write to the console and, past it, to the streams of the process.
  for (const level of ['log', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line: unknown) => void written.push(String(line)));
  }
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  }
});
afterEach(() => {
  written.length = 0;
});
afterAll(() => {
  issuer.stop();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

async function decide(token: string) {
  const { handler } = await import('../../../../lambdas/authorize/handler.ts');
  const event = { methodArn: 'arn:aws:execute-api:eu-west-1:123456789012:a/prod/GET/v2' };
  return handler({ ...event, authorizationToken: token } as APIGatewayTokenAuthorizerEvent);
}

/** Counts of a metric, from the lines in CloudWatch's embedded metric format. */
const counted = (metric: string) =>
  written
    .flatMap((text) => text.split('\n'))
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []))
    .filter((line) => '_aws' in line)
    .flatMap((line) => line[metric] ?? []);

it('a token that proves nothing is counted, without a word of it', async () => {
  const token = `Bearer ${issuer.token({ exp: 1, email: 'person@example.com', scope: 'strata/infer' })}`;
  await expect(decide(token)).rejects.toThrow(/^Unauthorized$/);
  expect(counted('Unauthenticated')).toEqual([1]);
  expect(counted('AuthorizerFailure')).toEqual([]);
  expect(written.join('\n')).not.toMatch(/person|machine-1|eyJ/);
});

it('a token that is good is not, and leaves no line in the log', async () => {
  await expect(decide(`Bearer ${issuer.token({ scope: 'strata/infer' })}`)).resolves.toBeDefined();
  expect(written).toEqual([]);
});

it('keys out of reach are a failure of ours, and no 401', async () => {
  vi.resetModules();
  vi.stubEnv('AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER', 'http://127.0.0.1:1');
  await expect(decide(`Bearer ${issuer.token({})}`)).rejects.not.toThrow(/^Unauthorized$/);
  expect(counted('AuthorizerFailure')).toEqual([1]);
  expect(counted('Unauthenticated')).toEqual([]);
});
