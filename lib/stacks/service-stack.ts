import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { OUTPUTS } from '../contracts/deployment';
import { ModelPlatform } from '../platform/model-platform';
import type { DataStack } from './data-stack';

/** Properties of the service stack. */
export interface ServiceStackProps extends StackProps {
  /** The stack that keeps the data. */
  readonly data: DataStack;
  /**
   * Processor architecture of the inference function.
   * @default Architecture.X86_64
   */
  readonly architecture?: lambda.Architecture;
}

/** Everything that runs. It can be removed and deployed again; the data stays. */
export class ServiceStack extends Stack {
  public readonly platform: ModelPlatform;

  constructor(scope: Construct, id: string, props: ServiceStackProps) {
    super(scope, id, { description: 'Strata: service', ...props });
    const { security, registry, logKey } = props.data;
    this.platform = new ModelPlatform(this, 'Platform', {
      securityStore: security,
      registryStore: registry,
      architecture: props.architecture,
      logEncryptionKey: logKey,
    });
    new CfnOutput(this, OUTPUTS.endpoint, {
      value: this.platform.gateway.url,
      description: 'Base URL of the API',
    });
    new CfnOutput(this, OUTPUTS.registryTable, { value: registry.table.tableName });
    new CfnOutput(this, OUTPUTS.artifactsBucket, { value: registry.artifactsBucket.bucketName });
    new CfnOutput(this, OUTPUTS.userPoolId, { value: security.userPool.userPoolId });
    new CfnOutput(this, OUTPUTS.machineClientId, { value: security.machineClient.userPoolClientId });
    new CfnOutput(this, OUTPUTS.tokenEndpoint, { value: security.tokenEndpoint });
  }
}
