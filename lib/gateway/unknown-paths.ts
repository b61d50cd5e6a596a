import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { errorTemplate, type GatewayError } from '../private/gateway-error';

const NOT_FOUND: GatewayError = {
  type: apigateway.ResponseType.RESOURCE_NOT_FOUND,
  status: 404,
  code: 'ENDPOINT_NOT_FOUND',
  message: 'Not Found',
};

/**
 * What API Gateway itself answers on a path behind which there is nothing. It refuses media types only there: every
 * other method hands any body on.
 */
export const UNKNOWN_PATH_ERRORS: readonly GatewayError[] = [
  NOT_FOUND,
  { ...NOT_FOUND, type: apigateway.ResponseType.UNSUPPORTED_MEDIA_TYPE },
];

/**
 * Answers 404 on every path on which nothing is mounted. Without such methods API Gateway would take a bearer token there
 * for an AWS signature, and say that it is no good one.
 */
export function answerUnknownPaths({ root }: apigateway.IRestApi): void {
  const integration = new apigateway.MockIntegration({
    requestTemplates: { 'application/json': JSON.stringify({ statusCode: NOT_FOUND.status }) },
    // A body of another type than JSON, which is what none counts as, is refused with the same answer.
    passthroughBehavior: apigateway.PassthroughBehavior.NEVER,
    // The API takes every body for bytes, to which templates cannot be applied.
    contentHandling: apigateway.ContentHandling.CONVERT_TO_TEXT,
    integrationResponses: [
      {
        statusCode: String(NOT_FOUND.status),
        contentHandling: apigateway.ContentHandling.CONVERT_TO_TEXT,
        responseTemplates: errorTemplate(NOT_FOUND),
      },
    ],
  });
  for (const resource of [root, root.addResource('{proxy+}')]) {
    resource.addMethod('ANY', integration, {
      authorizationType: apigateway.AuthorizationType.NONE,
      methodResponses: [{ statusCode: String(NOT_FOUND.status) }],
    });
  }
}
