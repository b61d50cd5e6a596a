import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ENVIRONMENT } from '../contracts/environment';
import type { ReleaseCheckName } from '../contracts/release';
import { HandlerFunction } from '../private/handler-function';

export interface ReleaseCheckProps {
  /** What the version is asked. */
  readonly check: ReleaseCheckName;
  /** The version that is to be released. */
  readonly version: lambda.IVersion;
}

/**
 * The hook that tries a new version before it gets traffic. CodeDeploy calls the function itself: which version it tries
 * stands in its environment, which changes with each release, so that versions of its own would tell nothing.
 */
export class ReleaseCheck extends HandlerFunction {
  constructor(scope: Construct, id: string, { check, version }: ReleaseCheckProps) {
    super(scope, id, {
      handler: 'check-release',
      description: 'Tries a new version of a function before it gets traffic',
      memorySize: 256,
      // A version that is just published may need half a minute until it can be invoked, and as long to answer.
      timeout: Duration.minutes(3),
      environment: {
        [ENVIRONMENT.releaseCheck]: check,
        [ENVIRONMENT.releaseVersion]: version.functionArn,
      },
    });
    this.addToRolePolicy(
      new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [version.functionArn] }),
    );
  }
}
