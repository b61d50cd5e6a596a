import { CustomResource, Duration } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { HandlerFunction } from '../private/handler-function';

export interface SigningKeyFingerprintProps {
  readonly signingKey: kms.IKey;
}

/**
 * The fingerprint of a key's public half, known from the deployment on: what verifies signatures has it in its
 * environment, from where no writer of the registry can change it. CloudFormation itself does not tell the public half.
 */
export class SigningKeyFingerprint extends Construct {
  /** SHA-256 of the SubjectPublicKeyInfo, 64 hex digits. */
  public readonly fingerprint: string;

  constructor(scope: Construct, id: string, { signingKey }: SigningKeyFingerprintProps) {
    super(scope, id);
    const handler = new HandlerFunction(this, 'Read', {
      handler: 'signing-key',
      description: 'Tells CloudFormation the fingerprint of a signing key',
      memorySize: 256,
      timeout: Duration.minutes(1),
    });
    const grant = signingKey.grant(handler, 'kms:GetPublicKey');
    const resource = new CustomResource(this, 'Resource', {
      resourceType: 'Custom::StrataSigningKey',
      serviceToken: handler.functionArn,
      properties: { KeyArn: signingKey.keyArn },
    });
    grant.applyBefore(resource);
    this.fingerprint = resource.getAttString('Fingerprint');
  }
}
