import { FetchError, JwtBaseError } from 'aws-jwt-verify/error';
import type { JwtPayload } from 'aws-jwt-verify/jwt-model';
import type { APIGatewayAuthorizerResult, Statement } from 'aws-lambda';
import {
  type AuthorizerContext,
  PREFIX_SCOPES,
  type Scope,
  type TokenIssuer,
} from '../../lib/contracts/access.ts';
import { bearerOf } from './claims.ts';
import type { VerifyToken } from './token-verifier.ts';

/** The token proves nothing; the message says why, for the log. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
}

export interface AuthorizeDependencies {
  readonly issuer: TokenIssuer;
  readonly verify: VerifyToken;
}

/**
 * Turns an access token into one policy for the whole API, so that API Gateway may reuse it for every path.
 * @throws TokenRefusedError when the token is not valid; any other error means that this could not be found out
 */
export async function authorizeToken(
  event: { readonly authorizationToken: string; readonly methodArn: string },
  { issuer, verify }: AuthorizeDependencies,
): Promise<APIGatewayAuthorizerResult> {
  const claims = await verifiedClaims(event.authorizationToken, verify);
  const client = claims['client_id'];
  if (issuer.clientIds && !(typeof client === 'string' && issuer.clientIds.includes(client))) {
    throw new TokenRefusedError('the token was issued to another client');
  }
  // Identity tokens of Cognito are signed by the same keys and say who somebody is, not what they may do.
  if (claims['token_use'] !== undefined && claims['token_use'] !== 'access') {
    throw new TokenRefusedError('not an access token');
  }
  const { principal, scopes, groups } = bearerOf(claims, issuer);
  if (!principal) throw new TokenRefusedError('the token names nobody');

  const context: AuthorizerContext = {
    principal,
    scopes: scopes.join(' '),
    groups: JSON.stringify(groups),
  };
  return {
    principalId: principal,
    policyDocument: { Version: '2012-10-17', Statement: statements(event.methodArn, scopes) },
    context: { ...context },
  };
}

async function verifiedClaims(header: string, verify: VerifyToken): Promise<JwtPayload> {
  const token = /^Bearer (\S+)$/i.exec(header)?.[1];
  if (!token) throw new TokenRefusedError('not a bearer token');
  try {
    return await verify(token);
  } catch (error) {
    // Keys that cannot be fetched say nothing of the token.
    if (error instanceof JwtBaseError && !(error instanceof FetchError))
      throw new TokenRefusedError(error.name);
    throw error;
  }
}

function statements(methodArn: string, scopes: readonly Scope[]): Statement[] {
  // arn:aws:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>
  const stageArn = methodArn.split('/', 2).join('/');
  const open = Object.entries(PREFIX_SCOPES)
    .filter(([, needed]) => scopes.some((scope) => scope === 'admin' || needed.includes(scope)))
    .flatMap(([prefix]) => [`${stageArn}/*/${prefix}`, `${stageArn}/*/${prefix}/*`]);
  return [
    open.length > 0
      ? { Action: 'execute-api:Invoke', Effect: 'Allow', Resource: open }
      : { Action: 'execute-api:Invoke', Effect: 'Deny', Resource: `${stageArn}/*` },
  ];
}
