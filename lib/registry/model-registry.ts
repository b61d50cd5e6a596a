import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct, type IConstruct } from 'constructs';
import { ENVIRONMENT } from '../contracts/environment';
import { ARTIFACT_PREFIX, REGISTRY_RIGHTS } from '../contracts/registry-layout';
import type { TrafficShift } from '../delivery/traffic-shift';
import type { IGateway } from '../gateway/gateway';
import type { IMonitoring } from '../monitoring/monitoring-api';
import { StrataConstructError } from '../private/errors';
import { grantToldMissing } from '../private/told-missing';
import { Admission, type AdmissionOptions } from './admission';
import {
  type IModelRegistryStore,
  type ModelRegistryAttributes,
  ModelRegistryStore,
} from './model-registry-store';
import { RegistryApi } from './registry-api';
import type { IRegistryEvents, OnRegistryEventOptions } from './registry-event-rule';
import { RegistryEvents } from './registry-events';
import { grantListing, grantTable, withKey } from './registry-grants';

const ARTIFACT_READ_ACTIONS = ['s3:GetObject'];
const ARTIFACT_WRITE_ACTIONS = [
  's3:AbortMultipartUpload',
  's3:GetObject',
  's3:ListMultipartUploadParts',
  's3:PutObject',
];
const KEY_READ_ACTIONS = ['kms:Decrypt'];
const KEY_WRITE_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey'];

/**
 * A registry of models: the truth about which versions exist and which of them an alias means.
 *
 * Who implements it keeps to the layout in `cdk-strata/contracts/registry-layout`: keys, index and prefix of the items,
 * and what each grant has to open. `REGISTRY_RIGHTS` lists actions and partition keys for each; a function that serves
 * models reads the access rules (`ACCESS`) with every request, beside `NAME#…` and `M#…`.
 */
export interface IModelRegistry extends IConstruct {
  /** Models, versions and aliases. */
  readonly table: dynamodb.ITable;
  /** Model files, by digest. */
  readonly artifactsBucket: s3.IBucket;

  /** Allows to resolve models, versions and aliases, to read model files and the access rules. */
  grantRead(grantee: iam.IGrantable): iam.Grant;
  /** Allows to register versions and to move aliases, beside reading. Access rules stay as they are. */
  grantWrite(grantee: iam.IGrantable): iam.Grant;
  /** Allows to read and to put the access rules: who may use which models. */
  grantWriteAccessRules(grantee: iam.IGrantable): iam.Grant;
  /** Lets a function read the registry: grants, and tells it the names through its environment. */
  bindTo(handler: lambda.Function): void;
}

/** Properties of a model registry. */
export interface ModelRegistryProps {
  /**
   * Where the registry keeps its data.
   * @default - a store of its own
   */
  readonly store?: IModelRegistryStore;

  /**
   * Where MLflow's API is answered: `<gateway>/api/2.0/mlflow/…`.
   * @default - it is not; models are registered by the command line
   */
  readonly gateway?: IGateway;

  /**
   * How traffic moves to a new version of the function that answers, once that has passed its check.
   * @default TrafficShift.canary(10, Duration.minutes(5))
   */
  readonly codeShift?: TrafficShift;

  /**
   * Where events of the registry go, once somebody asks for them.
   * @default - a bus of its own
   */
  readonly eventBus?: events.IEventBus;

  /**
   * Where the registry shows itself and brings its alarms.
   * @default - it is not monitored
   */
  readonly monitoring?: IMonitoring;
}

/**
 * The model registry layer.
 *
 * @example
 * const registry = new ModelRegistry(this, 'ModelRegistry');
 * registry.grantWrite(deployRole);
 * registry.onEvent('Promoted', { types: [RegistryEventType.ALIAS_MOVED], target });
 */
export class ModelRegistry extends Construct implements IModelRegistry, IRegistryEvents {
  /** A registry that another stack or app made. */
  public static fromAttributes(
    scope: Construct,
    id: string,
    attributes: ModelRegistryAttributes,
  ): IModelRegistry {
    const imported = new Construct(scope, id);
    const store = ModelRegistryStore.fromAttributes(imported, 'Store', attributes);
    return new ModelRegistry(imported, 'Resource', { store });
  }

  public readonly table: dynamodb.ITable;
  public readonly artifactsBucket: s3.IBucket;
  /** Encrypts table and bucket; undefined where keys of AWS do. */
  public readonly encryptionKey?: kms.IKey;

  /** What answers MLflow's API; undefined without a gateway. */
  public readonly api?: RegistryApi;

  private readonly store: IModelRegistryStore;
  private readonly trustedKeys: string[] = [];
  private versionAdmission?: Admission;
  private registryEvents?: RegistryEvents;
  private readonly newEvents: () => RegistryEvents;

  constructor(scope: Construct, id: string, props: ModelRegistryProps = {}) {
    super(scope, id);
    const store = props.store ?? new ModelRegistryStore(this, 'Store');
    this.store = store;
    const { eventBus, monitoring, gateway, codeShift } = props;
    this.newEvents = () => new RegistryEvents(this, 'Events', { store, eventBus, monitoring });
    this.table = store.table;
    this.artifactsBucket = store.artifactsBucket;
    this.encryptionKey = store.encryptionKey;
    if (gateway) this.api = new RegistryApi(this, 'Api', { store, gateway, codeShift, monitoring });
  }

  /** What hands the registry's events to a bus. Made when it is first asked for. */
  public get events(): RegistryEvents {
    this.registryEvents ??= this.newEvents();
    return this.registryEvents;
  }

  /** Where the registry's events are. */
  public get eventBus(): events.IEventBus {
    return this.events.eventBus;
  }

  public onEvent(id: string, options?: OnRegistryEventOptions): events.Rule {
    return this.events.onEvent(id, options);
  }

  /** What admits versions; undefined unless `addAdmission` was called. */
  public get admission(): Admission | undefined {
    return this.versionAdmission;
  }

  /**
   * Lets versions in only once they are checked, measured and signed. Whoever is bound to this registry from then on opens
   * versions only that were signed by this.
   * Fails when versions of this registry are admitted already.
   */
  public addAdmission(options: AdmissionOptions = {}): Admission {
    if (this.versionAdmission) {
      throw new StrataConstructError('TWO_ADMISSIONS', 'versions of this registry are admitted already');
    }
    const admission = new Admission(this, 'Admission', {
      store: this.store,
      registryEvents: this,
      ...options,
    });
    this.versionAdmission = admission;
    this.trustKey(admission.signingKeyFingerprint);
    return admission;
  }

  /**
   * Lets whoever is bound to this registry from then on open versions only that a trusted key signed: this one, or another
   * that was named so. For registries of another stack or app, and while a key is replaced.
   * @param fingerprint SHA-256 of the public key's SubjectPublicKeyInfo, in hex: `Admission.signingKeyFingerprint`
   */
  public trustKey(fingerprint: string): void {
    this.trustedKeys.push(fingerprint);
  }

  public grantRead(grantee: iam.IGrantable): iam.Grant {
    const grant = grantTable(this.table, grantee, REGISTRY_RIGHTS.read)
      .combine(grantListing(this.table, grantee))
      .combine(this.grantArtifacts(grantee, ARTIFACT_READ_ACTIONS));
    return withKey(grant, this.encryptionKey, grantee, KEY_READ_ACTIONS);
  }

  public grantWrite(grantee: iam.IGrantable): iam.Grant {
    const grant = grantTable(this.table, grantee, [...REGISTRY_RIGHTS.read, ...REGISTRY_RIGHTS.write])
      .combine(grantListing(this.table, grantee))
      .combine(this.grantArtifacts(grantee, ARTIFACT_WRITE_ACTIONS));
    return withKey(grant, this.encryptionKey, grantee, KEY_WRITE_ACTIONS);
  }

  /**
   * Allows to read where aliases pointed at any time, and all events, beside models, versions and aliases. Sending events
   * again takes the right on the bus as well: `registry.eventBus.grantPutEventsTo(role)`.
   */
  public grantReadHistory(grantee: iam.IGrantable): iam.Grant {
    const grant = grantTable(this.table, grantee, [
      ...REGISTRY_RIGHTS.read,
      ...REGISTRY_RIGHTS.history,
    ]).combine(grantListing(this.table, grantee));
    return withKey(grant, this.encryptionKey, grantee, KEY_READ_ACTIONS);
  }

  public grantWriteAccessRules(grantee: iam.IGrantable): iam.Grant {
    return withKey(
      grantTable(this.table, grantee, REGISTRY_RIGHTS.writeAccessRules),
      this.encryptionKey,
      grantee,
      KEY_WRITE_ACTIONS,
    );
  }

  public bindTo(handler: lambda.Function): void {
    this.grantRead(handler);
    handler.addEnvironment(ENVIRONMENT.registryTable, this.table.tableName);
    handler.addEnvironment(ENVIRONMENT.artifactsBucket, this.artifactsBucket.bucketName);
    if (this.trustedKeys.length > 0) {
      handler.addEnvironment(ENVIRONMENT.trustedKeys, this.trustedKeys.join(','));
    }
  }

  private grantArtifacts(grantee: iam.IGrantable, actions: string[]): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions,
      resourceArns: [this.artifactsBucket.arnForObjects(`${ARTIFACT_PREFIX}*`)],
    }).combine(grantToldMissing(this.artifactsBucket, grantee, [ARTIFACT_PREFIX]));
  }
}
