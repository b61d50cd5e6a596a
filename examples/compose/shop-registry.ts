import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { AttributeType } from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
// In an app of your own: 'cdk-strata' and 'cdk-strata/contracts/…'.
import type { IModelRegistry } from '../../lib';
import { ENVIRONMENT } from '../../lib/contracts/environment';
import {
  ARTIFACT_PREFIX,
  MODELS_INDEX,
  REGISTRY_KEY,
  REGISTRY_RIGHTS,
  type TableRight,
} from '../../lib/contracts/registry-layout';

export interface ShopRegistryProps {
  /** A table whose keys are called as the registry's. Models live beside whatever else it holds. */
  readonly table: dynamodb.Table;
  readonly files: s3.Bucket;
  /** Encrypts both. */
  readonly key: kms.Key;
}

/** A model registry in a table and a bucket that an app has anyway. */
export class ShopRegistry extends Construct implements IModelRegistry {
  public readonly table: dynamodb.Table;
  public readonly artifactsBucket: s3.Bucket;
  private readonly key: kms.Key;

  constructor(scope: Construct, id: string, props: ShopRegistryProps) {
    super(scope, id);
    const { partitionKeys, sortKeys } = props.table.schemaV2();
    const keys = [...partitionKeys, ...sortKeys].map(({ name }) => name);
    if (keys.join() !== Object.values(REGISTRY_KEY).join()) {
      throw new Error(
        `The registry needs a table with the keys ${Object.values(REGISTRY_KEY).join(' and ')}`,
      );
    }
    this.table = props.table;
    this.artifactsBucket = props.files;
    this.key = props.key;
    // Only items that carry both attributes are in the index: the app's own are not.
    this.table.addGlobalSecondaryIndex({
      indexName: MODELS_INDEX.name,
      partitionKey: { name: MODELS_INDEX.partition, type: AttributeType.STRING },
      sortKey: { name: MODELS_INDEX.sort, type: AttributeType.STRING },
    });
  }

  public grantRead(grantee: iam.IGrantable): iam.Grant {
    return this.grant(grantee, REGISTRY_RIGHTS.read, {
      files: ['s3:GetObject'],
      key: ['kms:Decrypt'],
    }).combine(this.grantListing(grantee));
  }

  public grantWrite(grantee: iam.IGrantable): iam.Grant {
    return this.grant(grantee, [...REGISTRY_RIGHTS.read, ...REGISTRY_RIGHTS.write], {
      files: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'],
      key: ['kms:Decrypt', 'kms:GenerateDataKey'],
    }).combine(this.grantListing(grantee));
  }

  public grantWriteAccessRules(grantee: iam.IGrantable): iam.Grant {
    return this.grant(grantee, REGISTRY_RIGHTS.writeAccessRules, {
      files: [],
      key: ['kms:Decrypt', 'kms:GenerateDataKey'],
    });
  }

  public bindTo(handler: lambda.Function): void {
    this.grantRead(handler);
    handler.addEnvironment(ENVIRONMENT.registryTable, this.table.tableName);
    handler.addEnvironment(ENVIRONMENT.artifactsBucket, this.artifactsBucket.bucketName);
  }

  /** Nothing but the registry's own items: their partition keys begin as no key of the app does. */
  private grant(
    grantee: iam.IGrantable,
    rights: readonly TableRight[],
    actions: Record<'files' | 'key', string[]>,
  ): iam.Grant {
    let grant = this.key.grant(grantee, ...actions.key);
    for (const right of rights) {
      grant = grant.combine(
        iam.Grant.addToPrincipal({
          grantee,
          actions: [...right.actions],
          resourceArns: [this.table.tableArn],
          conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...right.partitions] } },
        }),
      );
    }
    if (actions.files.length === 0) return grant;
    return grant
      .combine(
        iam.Grant.addToPrincipal({
          grantee,
          actions: actions.files,
          resourceArns: [this.artifactsBucket.arnForObjects(`${ARTIFACT_PREFIX}*`)],
        }),
      )
      .combine(
        // Without it S3 says of a file that is not there that it may not be read.
        iam.Grant.addToPrincipal({
          grantee,
          actions: ['s3:ListBucket'],
          resourceArns: [this.artifactsBucket.bucketArn],
          conditions: { StringLikeIfExists: { 's3:prefix': `${ARTIFACT_PREFIX}*` } },
        }),
      );
  }

  private grantListing(grantee: iam.IGrantable): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:Query'],
      resourceArns: [`${this.table.tableArn}/index/${MODELS_INDEX.name}`],
    });
  }
}
