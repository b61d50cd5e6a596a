import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { StrataConstructError } from '../private/errors';
import { ifResolved } from '../private/tokens';

/** Properties of alarms by e-mail. */
export interface AlarmEmailProps {
  /** Who hears of alarms; has to confirm once, by a link that SNS sends. */
  readonly address: string;
}

/**
 * Sends alarms to a mailbox, encrypted on the way with a key of its own: CloudWatch may use none of those that AWS keeps.
 *
 * @example
 * const mail = new AlarmEmail(this, 'AlarmEmail', { address: 'operations@example.com' });
 * new Monitoring(this, 'Monitoring', { alarmTopics: { critical: mail.topic, warning: mail.topic } });
 */
export class AlarmEmail extends Construct {
  /** Takes alarms in. Others can subscribe, too. */
  public readonly topic: sns.Topic;
  /** Encrypts what waits to be sent. */
  public readonly encryptionKey: kms.Key;

  constructor(scope: Construct, id: string, props: AlarmEmailProps) {
    super(scope, id);
    ifResolved(props.address, (address) => {
      if (!/^[^@\s]+@[^@\s]+$/.test(address)) {
        throw new StrataConstructError('INVALID_ADDRESS', `"${address}" is not the address of a mailbox`);
      }
    });
    this.encryptionKey = new kms.Key(this, 'Key', {
      description: 'Encrypts alarms on their way',
      enableKeyRotation: true,
    });
    // Source: CloudWatch User Guide, "Amazon SNS topics encrypted with KMS". In a key's policy `*` means this key.
    this.encryptionKey.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    this.topic = new sns.Topic(this, 'Topic', {
      displayName: 'Strata alarms',
      masterKey: this.encryptionKey,
      enforceSSL: true,
    });
    this.topic.addSubscription(new EmailSubscription(props.address));
  }
}
