import type { APIGatewayTokenAuthorizerEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { refusalCheck } from '../../../../lambdas/check-release/refusal-check.ts';
import { ENVIRONMENT } from '../../../../lib/contracts/environment.ts';
import { TestIssuer } from '../../../support/token-issuer.ts';

const event = refusalCheck.event as APIGatewayTokenAuthorizerEvent;

describe('a version of authorize', () => {
  const issuer = new TestIssuer();

  beforeAll(() => {
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
    vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'true');
    vi.stubEnv(
      ENVIRONMENT.tokenIssuer,
      JSON.stringify({
        issuer: issuer.issuer,
        jwksUri: `${issuer.issuer}/.well-known/jwks.json`,
        scopeClaims: [{ claim: 'scope', prefix: '' }],
      }),
    );
    vi.stubEnv(ENVIRONMENT.prefixScopes, JSON.stringify({ v2: ['infer'] }));
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    issuer.stop();
  });

  /** What the real handler makes of the forged token, with the issuer's keys at this address. */
  async function fault(keysAt: string): Promise<string | undefined> {
    vi.resetModules();
    vi.stubEnv('AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER', keysAt);
    const { handler } = await import('../../../../lambdas/authorize/handler.ts');
    const invocation = await handler(event).then(
      (payload) => ({ payload, failed: false }),
      (error: Error) => ({ payload: { errorMessage: error.message }, failed: true }),
    );
    return refusalCheck.fault(invocation);
  }

  it('that knows the issuer’s keys may be released', async () => {
    expect(await fault(await issuer.start())).toBeUndefined();
  });

  it('that cannot fetch them may not', async () => {
    expect(await fault('http://127.0.0.1:1')).toContain('could not decide about a token');
  });

  it('that lets the forged token in may not', () => {
    const payload = { principalId: 'strata-self-check', policyDocument: {} };
    expect(refusalCheck.fault({ payload, failed: false })).toBe('the function accepted a forged token');
  });

  it('that does not start may not', () => {
    const payload = { errorMessage: 'Cannot find module' };
    expect(refusalCheck.fault({ payload, failed: true })).toContain('Cannot find module');
  });
});

describe('the forged token', () => {
  it('has the form that API Gateway lets pass to the function', () => {
    expect(event.authorizationToken).toMatch(/^[Bb]earer [-A-Za-z0-9._~+/]+=*$/);
  });
});
