import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/** Properties of a key for logs. */
export interface LogKeyProps {
  /**
   * What happens to the key when it leaves the stack. Without it the logs cannot be read any more.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A key that CloudWatch Logs may use for log groups of this account and region, and for nothing else. Rotated every year.
 *
 * @example
 * const logKey = new LogKey(dataStack, 'LogKey');
 * new ModelPlatform(serviceStack, 'Strata', { logEncryptionKey: logKey });
 */
export class LogKey extends kms.Key {
  constructor(scope: Construct, id: string, props: LogKeyProps = {}) {
    super(scope, id, {
      description: 'Encrypts log groups',
      enableKeyRotation: true,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
    const stack = Stack.of(this);
    // Source: CloudWatch Logs, encrypting log data with AWS KMS. In a key's policy `*` means this key.
    this.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal(`logs.${stack.region}.amazonaws.com`)],
        actions: [
          'kms:Decrypt',
          'kms:DescribeKey',
          'kms:Encrypt',
          'kms:GenerateDataKey',
          'kms:GenerateDataKeyWithoutPlaintext',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
        ],
        resources: ['*'],
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': stack.formatArn({
              service: 'logs',
              resource: 'log-group',
              resourceName: '*',
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
    );
  }
}
