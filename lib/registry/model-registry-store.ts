import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { MODELS_INDEX, REGISTRY_KEY } from '../contracts/registry-layout';

/** Properties of a registry's store. */
export interface ModelRegistryStoreProps {
  /**
   * Key that encrypts the table and the bucket.
   * @default - a key of its own, rotated every year
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * What happens to the data when the store leaves the stack.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * What a model registry keeps: one table and one bucket of artifacts, both encrypted and recoverable.
 *
 * @example
 * const store = new ModelRegistryStore(dataStack, 'ModelRegistryStore');
 * new ModelRegistry(serviceStack, 'ModelRegistry', { store });
 */
export class ModelRegistryStore extends Construct {
  /** Models, versions and aliases. */
  public readonly table: dynamodb.ITable;
  /** Model files, by digest. */
  public readonly artifactsBucket: s3.IBucket;
  /** Encrypts both. */
  public readonly encryptionKey: kms.IKey;

  constructor(scope: Construct, id: string, props: ModelRegistryStoreProps = {}) {
    super(scope, id);
    // In apps without this flag the CDK would want an access control list, which the buckets do not have.
    this.node.setContext('@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy', true);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.encryptionKey =
      props.encryptionKey ??
      new kms.Key(this, 'Key', {
        description: 'Encrypts the model registry',
        enableKeyRotation: true,
        removalPolicy,
      });
    const table = new dynamodb.Table(this, 'Table', {
      partitionKey: { name: REGISTRY_KEY.partition, type: dynamodb.AttributeType.STRING },
      sortKey: { name: REGISTRY_KEY.sort, type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.encryptionKey,
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
    this.artifactsBucket = new s3.Bucket(this, 'Artifacts', {
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: this.encryptionKey,
      bucketKeyEnabled: true,
      versioned: true,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      serverAccessLogsBucket: this.accessLogsBucket(removalPolicy),
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
