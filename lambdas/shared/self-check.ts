import type { APIGatewayProxyResult } from 'aws-lambda';

/** Asks a version of `infer` or `registry-api` to try itself. Nothing that comes through API Gateway has this shape. */
export interface SelfCheckEvent {
  readonly strata: 'self-check';
}

/** What a version of `infer` answered, as it would have answered it to API Gateway. */
export interface SelfCheckResult {
  /** Whether it can serve: registry, access rules, model files and exchange answer to its own settings and permissions. */
  readonly readiness: APIGatewayProxyResult;
  /** An inference with the golden model. */
  readonly inference: APIGatewayProxyResult;
}

/** What a version of `registry-api` answered. */
export interface RegistryCheckResult {
  /** A list of models. */
  readonly listing: APIGatewayProxyResult;
  /** A look at a model that does not exist. */
  readonly lookup: APIGatewayProxyResult;
}

export const SELF_CHECK: SelfCheckEvent = { strata: 'self-check' };

/**
 * Whether an event asks for the self-check. Every event of API Gateway carries its request context, whatever the caller
 * sent, so that no request of the API can get here: only who may invoke the function itself.
 */
export function isSelfCheck(event: object): event is SelfCheckEvent {
  return !('requestContext' in event) && 'strata' in event && event.strata === SELF_CHECK.strata;
}
