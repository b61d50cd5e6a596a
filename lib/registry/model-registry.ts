import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct, type IConstruct } from 'constructs';
import { ENVIRONMENT } from '../contracts/environment';
import { ARTIFACT_PREFIX, MODELS_INDEX } from '../contracts/registry-layout';
import { ModelRegistryStore } from './model-registry-store';

const TABLE_READ_ACTIONS = ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'];
const TABLE_WRITE_ACTIONS = [
  'dynamodb:ConditionCheckItem',
  'dynamodb:DeleteItem',
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
];
const ARTIFACT_READ_ACTIONS = ['s3:GetObject'];
const ARTIFACT_WRITE_ACTIONS = [
  's3:AbortMultipartUpload',
  's3:GetObject',
  's3:ListMultipartUploadParts',
  's3:PutObject',
];
const KEY_READ_ACTIONS = ['kms:Decrypt'];
const KEY_WRITE_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey'];

/** A registry of models: the truth about which versions exist and which of them an alias means. */
export interface IModelRegistry extends IConstruct {
  /** Models, versions and aliases. */
  readonly table: dynamodb.ITable;
  /** Model files, by digest. */
  readonly artifactsBucket: s3.IBucket;

  /** Allows to resolve models, versions and aliases and to read model files. */
  grantRead(grantee: iam.IGrantable): iam.Grant;
  /** Allows to register versions and to move aliases, beside reading. */
  grantWrite(grantee: iam.IGrantable): iam.Grant;
  /** Lets a function read the registry: grants, and tells it the names through its environment. */
  bindTo(handler: lambda.Function): void;
}

/** What is known of a registry that another stack or app made. */
export interface ModelRegistryAttributes {
  /** Name of the table. */
  readonly tableName: string;
  /** Name of the bucket. */
  readonly artifactsBucketName: string;
  /**
   * ARN of the key that encrypts both.
   * @default - both are encrypted with keys of AWS
   */
  readonly encryptionKeyArn?: string;
}

/** Properties of a model registry. */
export interface ModelRegistryProps {
  /**
   * Where the registry keeps its data.
   * @default - a store of its own
   */
  readonly store?: ModelRegistryStore;
}

abstract class ModelRegistryBase extends Construct implements IModelRegistry {
  public abstract readonly table: dynamodb.ITable;
  public abstract readonly artifactsBucket: s3.IBucket;
  /** Encrypts table and bucket. */
  public abstract readonly encryptionKey?: kms.IKey;

  public grantRead(grantee: iam.IGrantable): iam.Grant {
    return this.grantActions(grantee, TABLE_READ_ACTIONS, ARTIFACT_READ_ACTIONS, KEY_READ_ACTIONS);
  }

  public grantWrite(grantee: iam.IGrantable): iam.Grant {
    return this.grantActions(
      grantee,
      [...TABLE_READ_ACTIONS, ...TABLE_WRITE_ACTIONS],
      ARTIFACT_WRITE_ACTIONS,
      KEY_WRITE_ACTIONS,
    );
  }

  public bindTo(handler: lambda.Function): void {
    this.grantRead(handler);
    handler.addEnvironment(ENVIRONMENT.registryTable, this.table.tableName);
    handler.addEnvironment(ENVIRONMENT.artifactsBucket, this.artifactsBucket.bucketName);
  }

  private grantActions(
    grantee: iam.IGrantable,
    tableActions: string[],
    artifactActions: string[],
    keyActions: string[],
  ): iam.Grant {
    const grant = iam.Grant.addToPrincipal({
      grantee,
      actions: tableActions,
      resourceArns: [this.table.tableArn, `${this.table.tableArn}/index/${MODELS_INDEX.name}`],
    }).combine(
      iam.Grant.addToPrincipal({
        grantee,
        actions: artifactActions,
        resourceArns: [this.artifactsBucket.arnForObjects(`${ARTIFACT_PREFIX}*`)],
      }),
    );
    // A key policy alone would give a grantee that has no policy of its own a key without a lock.
    if (!grant.success || !this.encryptionKey) return grant;
    return grant.combine(this.encryptionKey.grant(grantee, ...keyActions));
  }
}

/**
 * The model registry layer.
 *
 * @example
 * const registry = new ModelRegistry(this, 'ModelRegistry');
 * registry.grantWrite(deployRole);
 */
export class ModelRegistry extends ModelRegistryBase {
  /** A registry that another stack or app made. */
  public static fromAttributes(
    scope: Construct,
    id: string,
    attributes: ModelRegistryAttributes,
  ): IModelRegistry {
    return new ImportedModelRegistry(scope, id, attributes);
  }

  public readonly table: dynamodb.ITable;
  public readonly artifactsBucket: s3.IBucket;
  public readonly encryptionKey?: kms.IKey;

  constructor(scope: Construct, id: string, props: ModelRegistryProps = {}) {
    super(scope, id);
    const store = props.store ?? new ModelRegistryStore(this, 'Store');
    this.table = store.table;
    this.artifactsBucket = store.artifactsBucket;
    this.encryptionKey = store.encryptionKey;
  }
}

class ImportedModelRegistry extends ModelRegistryBase {
  public readonly table: dynamodb.ITable;
  public readonly artifactsBucket: s3.IBucket;
  public readonly encryptionKey?: kms.IKey;

  constructor(scope: Construct, id: string, attributes: ModelRegistryAttributes) {
    super(scope, id);
    this.encryptionKey = attributes.encryptionKeyArn
      ? kms.Key.fromKeyArn(this, 'Key', attributes.encryptionKeyArn)
      : undefined;
    this.table = dynamodb.Table.fromTableName(this, 'Table', attributes.tableName);
    this.artifactsBucket = s3.Bucket.fromBucketName(this, 'Artifacts', attributes.artifactsBucketName);
  }
}
