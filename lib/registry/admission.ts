import { Duration, Size } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { ENVIRONMENT } from '../contracts/environment';
import { ARTIFACT_PREFIX, REGISTRY_RIGHTS, STAGING_AREAS } from '../contracts/registry-layout';
import { monitor } from '../monitoring/monitor';
import type { IMonitoring } from '../monitoring/monitoring-api';
import { HandlerFunction } from '../private/handler-function';
import { publishWhenLayersChange } from '../private/layer-versions';
import { grantToldMissing } from '../private/told-missing';
import { OnnxRuntimeLayer } from '../serving/onnx-runtime-layer';
import { AdmissionMachine } from './admission-machine';
import { admissionAlarms } from './admission-monitoring';
import { type IModelRegistryStore, ModelRegistryStore } from './model-registry-store';
import { type IRegistryEvents, RegistryEventType } from './registry-event-rule';
import { RegistryEvents } from './registry-events';
import { grantListing, grantTable, withKey } from './registry-grants';
import { SigningKeyFingerprint } from './signing-key-fingerprint';

const KEY_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey'];
const SIGN_ACTIONS = ['kms:GetPublicKey', 'kms:Sign'];
const STAGING_ACTIONS = ['s3:GetObject'];
const ARTIFACT_ACTIONS = ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'];

/** How versions are admitted. */
export interface AdmissionOptions {
  /**
   * Key that signs manifests: asymmetric, ECC_NIST_P256, SIGN_VERIFY.
   * @default - the store's, or a key of its own
   */
  readonly signingKey?: kms.IKey;

  /**
   * Memory of the function in MiB. Its measurements are those of an endpoint with as much; a model takes about twice its
   * own size while it is opened.
   * @default 1769
   */
  readonly memorySize?: number;

  /**
   * Disk of the function: three times the size of the largest model.
   * @default Size.gibibytes(4)
   */
  readonly ephemeralStorageSize?: Size;

  /**
   * Memory in MiB of the endpoint that will serve: a model that can never be opened with it is refused.
   * @default - any size is admitted
   */
  readonly endpointMemorySize?: number;

  /**
   * Disk of that endpoint.
   * @default - any size is admitted
   */
  readonly endpointStorageSize?: Size;

  /**
   * How long a version may wait for its admission before it is given up.
   * @default Duration.hours(1)
   */
  readonly pendingLimit?: Duration;

  /**
   * Where admission brings its alarms.
   * @default - it is not monitored
   */
  readonly monitoring?: IMonitoring;
}

/** Properties of the admission of versions. */
export interface AdmissionProps extends AdmissionOptions {
  /**
   * The registry.
   * @default - a store of its own
   */
  readonly store?: IModelRegistryStore;

  /**
   * The registry's events: each new version starts its admission.
   * @default - events of its own over the store
   */
  readonly registryEvents?: IRegistryEvents;
}

/**
 * Lets versions into a registry: each new one is checked, optimised, run and measured, and its manifest signed with a key
 * that nobody else may use. Then it is READY; one that cannot serve is FAILED with what its author has to do.
 *
 * @example
 * new Admission(this, 'Admission', { store, registryEvents });
 */
export class Admission extends Construct implements iam.IGrantable {
  /** The function that does all of it. Call its alias `live`, not the function itself. */
  public readonly admitFunction: lambda.Function;
  public readonly live: lambda.Alias;
  /** One execution for each new version. */
  public readonly stateMachine: sfn.StateMachine;
  /** Where events lie that could not start what they should: the sweep fails their versions. */
  public readonly failureQueue: sqs.Queue;
  /** Signs manifests. */
  public readonly signingKey: kms.IKey;
  /** By what those who serve models know the key: SHA-256 of its public half. */
  public readonly signingKeyFingerprint: string;
  public readonly grantPrincipal: iam.IPrincipal;

  constructor(scope: Construct, id: string, props: AdmissionProps = {}) {
    super(scope, id);
    publishWhenLayersChange(this);
    const store = props.store ?? new ModelRegistryStore(this, 'Store');
    const registryEvents = props.registryEvents ?? new RegistryEvents(this, 'Events', { store });
    this.signingKey =
      props.signingKey ??
      store.signingKey ??
      new kms.Key(this, 'SigningKey', {
        description: 'Signs what was found out about model versions',
        keySpec: kms.KeySpec.ECC_NIST_P256,
        keyUsage: kms.KeyUsage.SIGN_VERIFY,
      });
    this.signingKeyFingerprint = new SigningKeyFingerprint(this, 'Fingerprint', {
      signingKey: this.signingKey,
    }).fingerprint;
    const handler = new HandlerFunction(this, 'Admit', {
      handler: 'admit-version',
      description: 'Checks, optimises, measures and signs model versions before they may serve',
      memorySize: props.memorySize ?? 1769,
      timeout: Duration.minutes(15),
      ephemeralStorageSize: props.ephemeralStorageSize ?? Size.gibibytes(4),
      environment: {
        [ENVIRONMENT.registryTable]: store.table.tableName,
        [ENVIRONMENT.artifactsBucket]: store.artifactsBucket.bucketName,
        [ENVIRONMENT.signingKey]: this.signingKey.keyArn,
        [ENVIRONMENT.pendingLimit]: String((props.pendingLimit ?? Duration.hours(1)).toSeconds()),
        ...(store.stagingBucket && { [ENVIRONMENT.stagingBucket]: store.stagingBucket.bucketName }),
        ...(props.endpointMemorySize && { [ENVIRONMENT.endpointMemory]: String(props.endpointMemorySize) }),
        ...(props.endpointStorageSize && {
          [ENVIRONMENT.endpointDisk]: String(props.endpointStorageSize.toMebibytes()),
        }),
      },
    });
    OnnxRuntimeLayer.forArchitecture(this, lambda.Architecture.X86_64).addTo(handler);
    this.admitFunction = handler;
    this.live = handler.live;
    this.grantPrincipal = handler.grantPrincipal;
    this.grantRights(store);
    this.stateMachine = new AdmissionMachine(this, 'Machine', { admit: handler.live }).stateMachine;
    this.failureQueue = new sqs.Queue(this, 'Failures', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    registryEvents.onEvent('Created', {
      crossStackScope: this,
      description: 'Starts the admission of each new model version',
      types: [RegistryEventType.MODEL_VERSION_CREATED],
      eventPattern: { detail: { data: { status: ['PENDING_REGISTRATION'] } } },
      target: new targets.SfnStateMachine(this.stateMachine, { deadLetterQueue: this.failureQueue }),
    });
    new events.Rule(this, 'Sweep', {
      description: 'Fails model versions whose admission never came to an end',
      schedule: events.Schedule.rate(Duration.minutes(15)),
      targets: [
        new targets.LambdaFunction(handler.live, {
          event: events.RuleTargetInput.fromObject({ action: 'sweep' }),
          deadLetterQueue: this.failureQueue,
        }),
      ],
    });
    monitor(this, props.monitoring, { alarms: admissionAlarms(this), rows: [] });
  }

  private grantRights(store: IModelRegistryStore): void {
    const grantee = this.admitFunction;
    const { table, artifactsBucket, stagingBucket, encryptionKey } = store;
    const grant = grantTable(table, grantee, [...REGISTRY_RIGHTS.read, ...REGISTRY_RIGHTS.admit])
      .combine(grantListing(table, grantee))
      .combine(grantToldMissing(artifactsBucket, grantee, [ARTIFACT_PREFIX]));
    iam.Grant.addToPrincipal({
      grantee,
      actions: ARTIFACT_ACTIONS,
      resourceArns: [artifactsBucket.arnForObjects(`${ARTIFACT_PREFIX}*`)],
    });
    withKey(grant, encryptionKey, grantee, KEY_ACTIONS);
    this.signingKey.grant(grantee, ...SIGN_ACTIONS);
    if (stagingBucket) {
      const area = `${STAGING_AREAS.versions}/`;
      iam.Grant.addToPrincipal({
        grantee,
        actions: STAGING_ACTIONS,
        resourceArns: [stagingBucket.arnForObjects(`${area}*`)],
      });
      grantToldMissing(stagingBucket, grantee, [area]);
    }
  }
}
