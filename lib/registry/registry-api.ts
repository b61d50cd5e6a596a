import { Duration } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ENVIRONMENT } from '../contracts/environment';
import { REGISTRY_PREFIX, REGISTRY_RIGHTS } from '../contracts/registry-layout';
import type { CodeDelivery } from '../delivery/code-delivery';
import { HandlerDelivery } from '../delivery/handler-delivery';
import type { TrafficShift } from '../delivery/traffic-shift';
import { Gateway, type IGateway } from '../gateway/gateway';
import { monitor } from '../monitoring/monitor';
import type { IMonitoring } from '../monitoring/monitoring-api';
import { HandlerFunction } from '../private/handler-function';
import { MeasuredRegistryApi } from './measured-registry-api';
import { type IModelRegistryStore, ModelRegistryStore } from './model-registry-store';
import { registryApiAlarms, registryApiRows } from './registry-api-monitoring';
import { grantListing, grantTable, withKey } from './registry-grants';
import { grantStaging } from './staging-bucket';

const KEY_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey'];

/** Properties of a registry's API. */
export interface RegistryApiProps {
  /**
   * The registry that it reads and changes.
   * @default - a store of its own
   */
  readonly store?: IModelRegistryStore;

  /**
   * Where requests come in.
   * @default - a gateway of its own, with IAM access
   */
  readonly gateway?: IGateway;

  /**
   * How traffic moves to a new version of the function, once that has passed its check.
   * @default TrafficShift.canary(10, Duration.minutes(5))
   */
  readonly codeShift?: TrafficShift;

  /**
   * Where the layer shows itself and brings its alarms.
   * @default - it is not monitored
   */
  readonly monitoring?: IMonitoring;
}

/**
 * MLflow's model registry over REST: an MLflow client whose registry URI is the gateway's address registers, searches and
 * promotes models. Reading takes the scope `registry.read`, writing `registry.write`, and moving the alias `champion`
 * takes `deploy`; access rules narrow each by model.
 *
 * @example
 * new RegistryApi(this, 'RegistryApi', { store, gateway });
 */
export class RegistryApi extends MeasuredRegistryApi implements iam.IGrantable {
  /** The function that answers. Call its alias `live`, not the function itself. */
  public readonly apiFunction: lambda.Function;
  /** The alias that every caller uses. */
  public readonly live: lambda.Alias;
  public readonly gateway: IGateway;
  /** Releases new versions of the function. Add the alarms to it that shall end a release. */
  public readonly delivery: CodeDelivery;
  public readonly grantPrincipal: iam.IPrincipal;

  constructor(scope: Construct, id: string, props: RegistryApiProps = {}) {
    super(scope, id);
    const store = props.store ?? new ModelRegistryStore(this, 'Store');
    const { table, stagingBucket, encryptionKey } = store;
    const handler = new HandlerFunction(this, 'Answer', {
      handler: 'registry-api',
      description: 'Answers the API of the model registry, which is that of MLflow',
      memorySize: 512,
      // API Gateway ends a request after 29 s.
      timeout: Duration.seconds(29),
      environment: { [ENVIRONMENT.registryTable]: table.tableName },
    });
    const { read, write, delete: remove, track } = REGISTRY_RIGHTS;
    const rights = [...read, ...write, ...remove, ...(stagingBucket ? track : [])];
    const grant = grantTable(table, handler, rights).combine(grantListing(table, handler));
    withKey(grant, encryptionKey, handler, KEY_ACTIONS);
    if (stagingBucket) {
      grantStaging(stagingBucket, handler);
      handler.addEnvironment(ENVIRONMENT.stagingBucket, stagingBucket.bucketName);
    }
    this.gateway = props.gateway ?? new Gateway(this, 'Gateway', { monitoring: props.monitoring });
    this.gateway.mount('api', handler.live, { scopes: ['registry.read', 'registry.write', 'deploy'] });
    this.gateway.mount(REGISTRY_PREFIX, handler.live, { scopes: ['registry.read'] });
    this.delivery = new HandlerDelivery(this, 'Delivery', {
      handler,
      check: 'registry',
      shift: props.codeShift,
    });
    this.apiFunction = handler;
    this.live = handler.live;
    this.grantPrincipal = handler.grantPrincipal;
    monitor(this, props.monitoring, { alarms: registryApiAlarms(this), rows: registryApiRows(this) });
  }
}
