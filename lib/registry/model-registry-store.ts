import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct, type IConstruct } from 'constructs';
import { ARTIFACT_PREFIX, MODELS_INDEX, REGISTRY_KEY } from '../contracts/registry-layout';
import { StagingBucket } from './staging-bucket';

/** What a model registry keeps, wherever that was made. */
export interface IModelRegistryStore extends IConstruct {
  /** Models, versions and aliases, the access rules and the log of changes; keys and index as in `cdk-strata/contracts/registry-layout`. */
  readonly table: dynamodb.ITable;
  /** Model files, by digest. */
  readonly artifactsBucket: s3.IBucket;
  /**
   * Files that MLflow's clients push, below `drafts/` until they are registered and below `versions/` from then on.
   * @default - clients cannot push files, only register what lies elsewhere
   */
  readonly stagingBucket?: s3.IBucket;
  /** Encrypts all of them; undefined where keys of AWS do. */
  readonly encryptionKey?: kms.IKey;
  /** Signs what was found out about versions; undefined where admission makes a key of its own. */
  readonly signingKey?: kms.IKey;
}

/** What is known of a registry that another stack or app made. */
export interface ModelRegistryAttributes {
  /** Name of the table. */
  readonly tableName: string;
  /** Name of the bucket. */
  readonly artifactsBucketName: string;
  /**
   * Name of the bucket that holds what MLflow's clients push.
   * @default - clients cannot push files
   */
  readonly stagingBucketName?: string;
  /**
   * ARN of the key that encrypts both.
   * @default - both are encrypted with keys of AWS
   */
  readonly encryptionKeyArn?: string;
  /**
   * ARN of the key that signs what was found out about versions.
   * @default - where versions are admitted, a key is made
   */
  readonly signingKeyArn?: string;
  /**
   * ARN of the table's stream, which has to hold new images: the registry's events are read from it.
   * @default - the registry cannot have events here
   */
  readonly tableStreamArn?: string;
}

/** Properties of a registry's store. */
export interface ModelRegistryStoreProps {
  /**
   * Key that encrypts the table and the bucket.
   * @default - a key of its own, rotated every year
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Key that signs what was found out about versions: asymmetric, ECC_NIST_P256, SIGN_VERIFY.
   * @default - a key of its own
   */
  readonly signingKey?: kms.IKey;

  /**
   * For how long files are kept that MLflow's clients pushed and nobody registered. The files of versions stay.
   * @default Duration.days(30)
   */
  readonly draftExpiry?: Duration;

  /**
   * What happens to the data when the store leaves the stack.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * What a model registry keeps: one table, one bucket of artifacts and one of what clients push, all encrypted, table and
 * artifacts recoverable.
 *
 * @example
 * const store = new ModelRegistryStore(dataStack, 'ModelRegistryStore');
 * new ModelRegistry(serviceStack, 'ModelRegistry', { store });
 */
export class ModelRegistryStore extends Construct implements IModelRegistryStore {
  /** What another stack or app keeps, or what was retained of a stack that is gone. */
  public static fromAttributes(
    scope: Construct,
    id: string,
    attributes: ModelRegistryAttributes,
  ): IModelRegistryStore {
    return new ImportedModelRegistryStore(scope, id, attributes);
  }

  public readonly table: dynamodb.ITable;
  public readonly artifactsBucket: s3.IBucket;
  public readonly stagingBucket?: s3.IBucket;
  public readonly encryptionKey?: kms.IKey;
  public readonly signingKey?: kms.IKey;

  constructor(scope: Construct, id: string, props: ModelRegistryStoreProps = {}) {
    super(scope, id);
    // In apps without this flag the CDK would want an access control list, which the buckets do not have.
    this.node.setContext('@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy', true);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const encryptionKey =
      props.encryptionKey ??
      new kms.Key(this, 'Key', {
        description: 'Encrypts the model registry',
        enableKeyRotation: true,
        removalPolicy,
      });
    this.encryptionKey = encryptionKey;
    this.signingKey =
      props.signingKey ??
      new kms.Key(this, 'SigningKey', {
        description: 'Signs what was found out about model versions',
        keySpec: kms.KeySpec.ECC_NIST_P256,
        keyUsage: kms.KeyUsage.SIGN_VERIFY,
        removalPolicy,
      });
    const table = new dynamodb.Table(this, 'Table', {
      partitionKey: { name: REGISTRY_KEY.partition, type: dynamodb.AttributeType.STRING },
      sortKey: { name: REGISTRY_KEY.sort, type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      encryptionKey,
      // The outbox is read from it.
      stream: dynamodb.StreamViewType.NEW_IMAGE,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
      removalPolicy,
    });
    table.addGlobalSecondaryIndex({
      indexName: MODELS_INDEX.name,
      partitionKey: { name: MODELS_INDEX.partition, type: dynamodb.AttributeType.STRING },
      sortKey: { name: MODELS_INDEX.sort, type: dynamodb.AttributeType.STRING },
    });
    this.table = table;
    const accessLogs = this.accessLogsBucket(removalPolicy);
    const artifactsBucket = new s3.Bucket(this, 'Artifacts', {
      encryption: s3.BucketEncryption.KMS,
      encryptionKey,
      bucketKeyEnabled: true,
      versioned: true,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      serverAccessLogsBucket: accessLogs,
      removalPolicy,
    });
    createOnce(artifactsBucket);
    this.artifactsBucket = artifactsBucket;
    this.stagingBucket = new StagingBucket(this, 'Staging', {
      encryptionKey,
      draftExpiry: props.draftExpiry ?? Duration.days(30),
      serverAccessLogsBucket: accessLogs,
      removalPolicy,
    });
  }

  private accessLogsBucket(removalPolicy: RemovalPolicy): s3.IBucket {
    return new s3.Bucket(this, 'AccessLogs', {
      // The log delivery service writes to buckets with keys of S3 only.
      encryption: s3.BucketEncryption.S3_MANAGED,
      versioned: true,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ expiration: Duration.days(365), noncurrentVersionExpiration: Duration.days(30) }],
      removalPolicy,
    });
  }
}

/**
 * Whatever the writer's permissions: a model file is written only where there is none. The parts of an upload create
 * nothing and carry no condition; completing it does. Copying is refused as well.
 * Source: Amazon S3 user guide, "Enforce conditional writes on Amazon S3 buckets".
 */
function createOnce(bucket: s3.Bucket): void {
  bucket.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: 'CreateOnce',
      effect: iam.Effect.DENY,
      principals: [new iam.AnyPrincipal()],
      actions: ['s3:PutObject'],
      resources: [bucket.arnForObjects(`${ARTIFACT_PREFIX}*`)],
      conditions: {
        Null: { 's3:if-none-match': 'true' },
        Bool: { 's3:ObjectCreationOperation': 'true' },
      },
    }),
  );
}

class ImportedModelRegistryStore extends Construct implements IModelRegistryStore {
  public readonly table: dynamodb.ITable;
  public readonly artifactsBucket: s3.IBucket;
  public readonly stagingBucket?: s3.IBucket;
  public readonly encryptionKey?: kms.IKey;
  public readonly signingKey?: kms.IKey;

  constructor(scope: Construct, id: string, attributes: ModelRegistryAttributes) {
    super(scope, id);
    this.encryptionKey = attributes.encryptionKeyArn
      ? kms.Key.fromKeyArn(this, 'Key', attributes.encryptionKeyArn)
      : undefined;
    this.signingKey = attributes.signingKeyArn
      ? kms.Key.fromKeyArn(this, 'SigningKey', attributes.signingKeyArn)
      : undefined;
    const { tableName, tableStreamArn } = attributes;
    this.table = dynamodb.Table.fromTableAttributes(this, 'Table', { tableName, tableStreamArn });
    this.artifactsBucket = s3.Bucket.fromBucketName(this, 'Artifacts', attributes.artifactsBucketName);
    this.stagingBucket = attributes.stagingBucketName
      ? s3.Bucket.fromBucketName(this, 'Staging', attributes.stagingBucketName)
      : undefined;
  }
}
