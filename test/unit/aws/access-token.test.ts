import {
  CognitoIdentityProviderClient,
  DescribeUserPoolClientCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { accessToken } from '../../../aws/access-token.ts';

const deployment = {
  endpoint: 'https://api.example/prod',
  region: 'eu-west-1',
  registryTable: 'registry',
  artifactsBucket: 'artifacts',
  userPoolId: 'eu-west-1_pool',
  machineClientId: 'machine',
  tokenEndpoint: 'https://auth.example/oauth2/token',
};

const cognito = mockClient(CognitoIdentityProviderClient);
const client = new CognitoIdentityProviderClient({ region: 'eu-west-1' });
const post = vi.fn<typeof fetch>();

beforeEach(() => {
  cognito.reset();
  cognito.on(DescribeUserPoolClientCommand).resolves({ UserPoolClient: { ClientSecret: 'hidden' } });
  post.mockReset();
  post.mockResolvedValue(Response.json({ access_token: 'jwt', expires_in: 3600, token_type: 'Bearer' }));
  vi.stubGlobal('fetch', post);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('accessToken', () => {
  it('asks by the client credentials grant, with the scopes of our resource server', async () => {
    const grant = await accessToken(client, deployment, ['infer', 'registry.read']);
    expect(grant).toEqual({ token: 'jwt', expiresInSeconds: 3600 });

    const [url, request] = post.mock.calls[0] ?? [];
    expect(url).toBe(deployment.tokenEndpoint);
    expect(request?.method).toBe('POST');
    expect(request?.headers).toEqual({ authorization: `Basic ${btoa('machine:hidden')}` });
    expect(Object.fromEntries(request?.body as URLSearchParams)).toEqual({
      grant_type: 'client_credentials',
      scope: 'strata/infer strata/registry.read',
    });
  });

  it.each([
    { answer: Response.json({ error: 'invalid_scope' }, { status: 400 }), code: 'TOKEN_REFUSED' },
    { answer: new Response('down', { status: 502 }), code: 'TOKEN_ENDPOINT_UNAVAILABLE' },
    { answer: new Response('slow down', { status: 429 }), code: 'TOKEN_ENDPOINT_UNAVAILABLE' },
    { answer: new Response('<html>a portal</html>'), code: 'TOKEN_ENDPOINT_UNAVAILABLE' },
    { answer: Response.json({ expires_in: 3600 }), code: 'TOKEN_ENDPOINT_UNAVAILABLE' },
  ])('says $code and never the secret when the endpoint answers something else', async ({ answer, code }) => {
    post.mockResolvedValue(answer);
    await expect(accessToken(client, deployment, ['infer'])).rejects.toMatchObject({
      code,
      message: expect.not.stringContaining('hidden'),
    });
  });

  it('says that the endpoint cannot be reached', async () => {
    post.mockRejectedValue(new TypeError('fetch failed'));
    await expect(accessToken(client, deployment, ['infer'])).rejects.toMatchObject({
      code: 'TOKEN_ENDPOINT_UNAVAILABLE',
      retryable: true,
    });
  });

  it('does not ask without a secret', async () => {
    cognito.on(DescribeUserPoolClientCommand).resolves({ UserPoolClient: {} });
    await expect(accessToken(client, deployment, ['infer'])).rejects.toMatchObject({ code: 'TOKEN_REFUSED' });
    expect(post).not.toHaveBeenCalled();
  });
});
