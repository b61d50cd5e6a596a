import {
  type CognitoIdentityProviderClient,
  DescribeUserPoolClientCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import * as z from 'zod';
import { StrataError, UnavailableError } from '../core/errors.ts';
import { RESOURCE_SERVER, type Scope } from '../lib/contracts/access.ts';
import type { Deployment } from '../lib/contracts/deployment.ts';
import { orUnavailable } from './unavailable.ts';

export interface AccessToken {
  /** A JWT: `Authorization: Bearer <token>`. */
  readonly token: string;
  readonly expiresInSeconds: number;
}

const grantSchema = z.object({ access_token: z.string().min(1), expires_in: z.number() });

/**
 * A token for machines, by the OAuth 2.0 client credentials grant (RFC 6749, section 4.4). The client's secret is read
 * from the user pool with the caller's AWS permissions and kept nowhere.
 *
 * @throws StrataError `TOKEN_REFUSED` when the client may not have these scopes or has no secret
 * @throws UnavailableError `TOKEN_ENDPOINT_UNAVAILABLE`
 */
export async function accessToken(
  cognito: CognitoIdentityProviderClient,
  deployment: Deployment,
  scopes: readonly Scope[],
): Promise<AccessToken> {
  const secret = await clientSecret(cognito, deployment);
  const response = await post(deployment, secret, scopes);
  const text = await response.text();
  if (response.status >= 500 || response.status === 429) {
    throw silent(deployment, undefined);
  }
  if (!response.ok) {
    throw new StrataError(
      'TOKEN_REFUSED',
      `The token endpoint refuses the scopes ${scopes.join(', ')} (${response.status}: ${text.slice(0, 200)}). ` +
        'The client that machines share has the scopes that its deployment names (machineScopes), infer and ' +
        'registry.read unless it names others; for more add a client of its own, or a scope there.',
      { statusCode: 403 },
    );
  }
  const grant = grantSchema.safeParse(parsed(text));
  if (!grant.success) {
    throw silent(deployment, grant.error);
  }
  return { token: grant.data.access_token, expiresInSeconds: grant.data.expires_in };
}

async function clientSecret(
  cognito: CognitoIdentityProviderClient,
  { userPoolId, machineClientId }: Deployment,
): Promise<string> {
  try {
    const { UserPoolClient } = await cognito.send(
      new DescribeUserPoolClientCommand({ UserPoolId: userPoolId, ClientId: machineClientId }),
    );
    if (UserPoolClient?.ClientSecret === undefined) {
      throw new StrataError('TOKEN_REFUSED', `The app client ${machineClientId} has no secret.`);
    }
    return UserPoolClient.ClientSecret;
  } catch (error) {
    throw orUnavailable(error, 'TOKEN_ENDPOINT_UNAVAILABLE', 'The user pool does not answer; try again.');
  }
}

async function post(deployment: Deployment, secret: string, scopes: readonly Scope[]): Promise<Response> {
  const scope = scopes.map((name) => `${RESOURCE_SERVER}/${name}`).join(' ');
  const credentials = Buffer.from(`${deployment.machineClientId}:${secret}`).toString('base64');
  try {
    return await fetch(deployment.tokenEndpoint, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
      signal: AbortSignal.timeout(15_000),
    });
  } catch (error) {
    throw silent(deployment, error);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function silent({ tokenEndpoint }: Deployment, cause: unknown): UnavailableError {
  return new UnavailableError(
    'TOKEN_ENDPOINT_UNAVAILABLE',
    `The token endpoint ${tokenEndpoint} does not answer as it should; try again.`,
    { cause },
  );
}
