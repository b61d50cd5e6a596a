import { Logger } from '@aws-lambda-powertools/logger';
import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from 'aws-lambda';
import { authorizeToken, TokenRefusedError } from './authorize-token.ts';
import { readEnvironment } from './environment.ts';
import { tokenVerifier } from './token-verifier.ts';

const logger = new Logger({ serviceName: 'authorize' });
const { issuer, cognitoEndpoint } = readEnvironment(process.env);
const verify = tokenVerifier(issuer, cognitoEndpoint);

export const handler = async (event: APIGatewayTokenAuthorizerEvent): Promise<APIGatewayAuthorizerResult> => {
  try {
    return await authorizeToken(event, { issuer, verify });
  } catch (error) {
    if (!(error instanceof TokenRefusedError)) throw error;
    logger.info('token refused', { reason: error.message });
    // API Gateway answers 401 to this very text, and 500 to any other.
    throw new Error('Unauthorized');
  }
};
