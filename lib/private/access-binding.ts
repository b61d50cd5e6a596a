import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { GatewayError } from './gateway-error';
import type { HandlerFunction } from './handler-function';

/** How a gateway admits requests, once bound to it. */
export interface AccessBinding {
  readonly authorizationType: apigateway.AuthorizationType;
  readonly authorizer?: apigateway.IAuthorizer;
  readonly authorizeFunction?: HandlerFunction;
  /** What those are answered who are not let in. */
  readonly refusals: readonly GatewayError[];
}
