import { CfnOutput, Stack, type StackProps, Tokenization } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { EVENT_OUTPUTS, OUTPUTS, SIZE_OUTPUTS, TRUST_OUTPUTS } from '../contracts/deployment';
import type { TrafficShift } from '../delivery/traffic-shift';
import type { Access } from '../gateway/access';
import { AlarmEmail } from '../monitoring/alarm-email';
import type { AlarmTopics } from '../monitoring/monitoring';
import { ModelPlatform } from '../platform/model-platform';
import { StrataConstructError } from '../private/errors';
import type { IDataStack } from './data-stack';

/** Properties of the service stack. */
export interface ServiceStackProps extends StackProps {
  /** What keeps the data: a `DataStack`, or whatever gives the same. */
  readonly data: IDataStack;
  /**
   * Who may call.
   * @default - tokens of the data stack's user pool
   */
  readonly access?: Access;

  /**
   * Memory of the inference function in MiB. Lambda grants one vCPU for each 1,769 MiB.
   * @default 1769
   */
  readonly memorySize?: number;

  /**
   * Processor architecture of the inference function.
   * @default Architecture.X86_64
   */
  readonly architecture?: lambda.Architecture;

  /**
   * How traffic moves to a new version of the functions that answer a request, once that has passed its check.
   * @default TrafficShift.canary(10, Duration.minutes(5))
   */
  readonly codeShift?: TrafficShift;

  /**
   * Topics that alarms are sent to.
   * @default - none, unless `alarmEmail` is given
   */
  readonly alarmTopics?: AlarmTopics;

  /**
   * Mailbox that alarms are sent to, instead of to topics of your own. Its owner confirms once, by a link that SNS sends.
   * @default - alarms are seen on the dashboard only, unless `alarmTopics` is given
   */
  readonly alarmEmail?: string;

  /**
   * Where the API's access log goes. API Gateway writes it only in accounts that have a log role.
   * @default - no access log
   */
  readonly accessLogGroup?: logs.ILogGroup;
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
      access: props.access,
      memorySize: props.memorySize,
      architecture: props.architecture,
      codeShift: props.codeShift,
      alarmTopics: this.alarmTopics(props),
      accessLogGroup: props.accessLogGroup,
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
    const { memorySize, ephemeralStorageSize } = this.platform.serving;
    new CfnOutput(this, SIZE_OUTPUTS.memory, {
      value: Tokenization.stringifyNumber(memorySize),
      description: 'Memory of the inference function in MiB',
    });
    new CfnOutput(this, SIZE_OUTPUTS.disk, {
      value: String(ephemeralStorageSize.toMebibytes()),
      description: 'Disk of the inference function in MiB',
    });
    const { registryEventBus, admission } = this.platform;
    if (admission) {
      new CfnOutput(this, TRUST_OUTPUTS.trustedKeys, {
        value: admission.signingKeyFingerprint,
        description: 'Fingerprint of the key that signs admitted model versions',
      });
    }
    if (registryEventBus) {
      new CfnOutput(this, EVENT_OUTPUTS.eventBus, {
        value: registryEventBus.eventBusName,
        description: 'Event bus of the model registry',
      });
    }
  }

  private alarmTopics({ alarmTopics, alarmEmail }: ServiceStackProps): AlarmTopics | undefined {
    if (alarmEmail === undefined) return alarmTopics;
    if (alarmTopics) {
      throw new StrataConstructError(
        'TWO_WAYS_TO_ALARM',
        'alarmTopics and alarmEmail are both given: subscribe the address to the topics',
      );
    }
    const { topic } = new AlarmEmail(this, 'AlarmEmail', { address: alarmEmail });
    return { critical: topic, warning: topic };
  }
}
