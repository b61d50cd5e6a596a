import type { APIGatewayAuthorizerResult, Statement } from 'aws-lambda';
import { verifiedBearer } from '../../aws/bearer-token.ts';
import type { VerifyToken } from '../../aws/token-verifier.ts';
import type { AuthorizerContext, PrefixScopes, Scope, TokenIssuer } from '../../lib/contracts/access.ts';

/**
 * What API Gateway serves. Written out, since the wildcard of a policy crosses slashes: with `*` for the method, who may
 * call `/v2/…` might call `/<another prefix>/v2/…`, too.
 */
const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

export interface AuthorizeDependencies {
  readonly issuer: TokenIssuer;
  readonly prefixScopes: PrefixScopes;
  readonly verify: VerifyToken;
}

/**
 * Turns an access token into one policy for the whole API, so that API Gateway may reuse it for every path.
 * @throws TokenRefusedError when the token is not valid; any other error means that this could not be found out
 */
export async function authorizeToken(
  event: { readonly authorizationToken: string; readonly methodArn: string },
  { issuer, prefixScopes, verify }: AuthorizeDependencies,
): Promise<APIGatewayAuthorizerResult> {
  const { principal, scopes, groups } = await verifiedBearer(event.authorizationToken, issuer, verify);
  const context: AuthorizerContext = {
    principal,
    scopes: scopes.join(' '),
    groups: JSON.stringify(groups),
  };
  return {
    principalId: principal,
    policyDocument: { Version: '2012-10-17', Statement: [statement(event.methodArn, prefixScopes, scopes)] },
    context: { ...context },
  };
}

function statement(methodArn: string, prefixScopes: PrefixScopes, scopes: readonly Scope[]): Statement {
  // arn:aws:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>
  const stageArn = methodArn.split('/', 2).join('/');
  if (scopes.includes('admin'))
    return { Action: 'execute-api:Invoke', Effect: 'Allow', Resource: `${stageArn}/*` };
  const open = Object.entries(prefixScopes)
    .filter(([, needed]) => scopes.some((scope) => needed.includes(scope)))
    .flatMap(([prefix]) => [prefix, `${prefix}/*`])
    .flatMap((path) => METHODS.map((method) => `${stageArn}/${method}/${path}`));
  return open.length > 0
    ? { Action: 'execute-api:Invoke', Effect: 'Allow', Resource: open }
    : { Action: 'execute-api:Invoke', Effect: 'Deny', Resource: `${stageArn}/*` };
}
