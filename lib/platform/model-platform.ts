import { Size } from 'aws-cdk-lib';
import type * as events from 'aws-cdk-lib/aws-events';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { TrafficShift } from '../delivery/traffic-shift';
import { Access } from '../gateway/access';
import { Gateway } from '../gateway/gateway';
import { type AlarmTopics, Monitoring } from '../monitoring/monitoring';
import type { IMonitoring } from '../monitoring/monitoring-api';
import { encryptLogs } from '../private/encrypted-logs';
import { StrataConstructError } from '../private/errors';
import type { Admission } from '../registry/admission';
import { type IModelRegistry, ModelRegistry } from '../registry/model-registry';
import type { IModelRegistryStore } from '../registry/model-registry-store';
import { type ISecurityStore, SecurityStore } from '../security/security-store';
import type { IExchange } from '../serving/exchange';
import { Serving } from '../serving/serving';

/** Properties of the whole platform. */
export interface ModelPlatformProps {
  /**
   * Identities.
   * @default - a store of its own, unless `access` is given
   */
  readonly securityStore?: ISecurityStore;

  /**
   * Where the registry keeps its data.
   * @default - a store of its own
   */
  readonly registryStore?: IModelRegistryStore;

  /**
   * Where models come from, in the place of a registry of the platform.
   * @default - a registry over `registryStore`
   */
  readonly registry?: IModelRegistry;

  /**
   * Through which tensors go that are too large for a request or an answer. Callers have to reach its function by the
   * same kind of tokens as the platform's gateway takes.
   * @default - an exchange of its own, on the platform's gateway
   */
  readonly exchange?: IExchange;

  /**
   * Who may call.
   * @default - tokens of the security store's user pool
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
   * Where the API's access log goes. API Gateway writes it only in accounts that have a log role.
   * @default - no access log
   */
  readonly accessLogGroup?: logs.ILogGroup;

  /**
   * Where every layer shows itself and brings its alarms.
   * @default - one of its own: a dashboard, and alarms that nobody is told of
   */
  readonly monitoring?: IMonitoring;

  /**
   * Who hears of alarms, where the platform makes the monitoring itself.
   * @default - alarms are seen on the dashboard only
   */
  readonly alarmTopics?: AlarmTopics;

  /**
   * Key that encrypts the log groups of the platform's functions. Its policy has to let CloudWatch Logs use it, as that
   * of `LogKey` does.
   * @default - a key of CloudWatch Logs
   */
  readonly logEncryptionKey?: kms.IKey;
}

/**
 * The layers of model deployment, wired.
 *
 * @example
 * new ModelPlatform(this, 'Strata');
 */
export class ModelPlatform extends Construct {
  public readonly monitoring: IMonitoring;
  public readonly gateway: Gateway;
  public readonly registry: IModelRegistry;
  public readonly serving: Serving;
  /** What admits versions; undefined where the platform does not make the registry, or it has no stream. */
  public readonly admission?: Admission;
  /** Where events of the registry are; undefined where the platform does not make the registry, or it has no stream. */
  public readonly registryEventBus?: events.IEventBus;

  constructor(scope: Construct, id: string, props: ModelPlatformProps = {}) {
    super(scope, id);
    if (props.logEncryptionKey) encryptLogs(this, props.logEncryptionKey);
    const access =
      props.access ??
      Access.cognito((props.securityStore ?? new SecurityStore(this, 'SecurityStore')).userPool);
    if (props.monitoring && props.alarmTopics) {
      throw new StrataConstructError(
        'TWO_WAYS_TO_ALARM',
        'monitoring is given, and alarmTopics as well: give the topics to the monitoring',
      );
    }
    this.monitoring =
      props.monitoring ?? new Monitoring(this, 'Monitoring', { alarmTopics: props.alarmTopics });
    const monitoring = this.monitoring;
    this.gateway = new Gateway(this, 'Gateway', {
      access,
      monitoring,
      codeShift: props.codeShift,
      accessLogGroup: props.accessLogGroup,
    });
    if (props.registry && props.registryStore) {
      throw new StrataConstructError(
        'TWO_REGISTRIES',
        'registry is given, and registryStore as well: give the store to the registry',
      );
    }
    if (props.registry) {
      this.registry = props.registry;
    } else {
      const store = props.registryStore;
      const registry = new ModelRegistry(this, 'ModelRegistry', {
        store,
        monitoring,
        gateway: this.gateway,
        codeShift: props.codeShift,
      });
      // A store that was imported without its stream has no events, which admission starts by.
      if (!store || store.table.tableStreamArn) {
        this.admission = registry.addAdmission({
          endpointMemorySize: props.memorySize ?? 1769,
          endpointStorageSize: Size.gibibytes(1),
          monitoring,
        });
      }
      this.registryEventBus = store && !store.table.tableStreamArn ? undefined : registry.eventBus;
      this.registry = registry;
    }
    this.serving = new Serving(this, 'Serving', {
      registry: this.registry,
      gateway: this.gateway,
      exchange: props.exchange,
      memorySize: props.memorySize,
      architecture: props.architecture,
      monitoring,
      codeShift: props.codeShift,
    });
  }
}
