import type { APIGatewayTokenAuthorizerEvent } from 'aws-lambda';
import { failureOf, type ReleaseCheck } from './release-check.ts';

/**
 * A well-formed token with a key that no issuer has: to refuse it, the function has to fetch the issuer's keys. Built
 * from its parts, since it would look like a leaked secret otherwise.
 */
const FORGED_TOKEN = [
  base64url(JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: 'strata-self-check' })),
  base64url(JSON.stringify({ sub: 'strata-self-check', scope: 'admin' })),
  base64url('no signature'),
].join('.');

const EVENT: APIGatewayTokenAuthorizerEvent = {
  type: 'TOKEN',
  methodArn: 'arn:aws:execute-api:us-east-1:000000000000:self-check/none/GET/v2',
  authorizationToken: `Bearer ${FORGED_TOKEN}`,
};

/** The new version of `authorize` refuses a forged token in the way that makes API Gateway answer 401. */
export const refusalCheck: ReleaseCheck = {
  event: EVENT,
  fault({ payload, failed }) {
    if (!failed) return 'the function accepted a forged token';
    const message = failureOf(payload);
    return message === 'Unauthorized' ? undefined : `the function could not decide about a token: ${message}`;
  },
};

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
