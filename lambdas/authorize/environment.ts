import * as z from 'zod';
import { type PrefixScopes, SCOPES, type TokenIssuer } from '../../lib/contracts/access.ts';
import { ENVIRONMENT } from '../../lib/contracts/environment.ts';

const tokenIssuer = z.object({
  issuer: z.url(),
  jwksUri: z.url(),
  audience: z.array(z.string()).min(1).optional(),
  clientIds: z.array(z.string()).min(1).optional(),
  scopeClaims: z.array(z.object({ claim: z.string().min(1), prefix: z.string() })).min(1),
  groupsClaim: z.string().min(1).optional(),
  principalClaim: z.string().min(1).optional(),
});

const prefixScopes = z.record(z.string().min(1), z.array(z.enum(SCOPES)));

export interface AuthorizeEnvironment {
  readonly issuer: TokenIssuer;
  readonly prefixScopes: PrefixScopes;
  /** Address of Cognito where it is not the public one: the SDKs' own variable for it, set by emulators. */
  readonly cognitoEndpoint?: string;
}

export function readEnvironment(variables: NodeJS.ProcessEnv): AuthorizeEnvironment {
  return {
    issuer: tokenIssuer.parse(JSON.parse(variables[ENVIRONMENT.tokenIssuer] ?? '{}')),
    prefixScopes: prefixScopes.parse(JSON.parse(variables[ENVIRONMENT.prefixScopes] ?? 'null')),
    cognitoEndpoint: variables['AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER'] ?? variables['AWS_ENDPOINT_URL'],
  };
}
