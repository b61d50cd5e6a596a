import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { STAGING_AREAS } from '../contracts/registry-layout';
import { grantToldMissing } from '../private/told-missing';

const { drafts, versions } = STAGING_AREAS;

/** Putting covers the parts and the end of an upload, and copying into the area. */
const DRAFT_ACTIONS = ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'];
const VERSION_ACTIONS = ['s3:GetObject', 's3:PutObject'];

/** @internal */
export interface StagingBucketProps {
  readonly encryptionKey: kms.IKey;
  readonly draftExpiry: Duration;
  readonly serverAccessLogsBucket: s3.IBucket;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * Where MLflow's clients push files: what nobody registers expires. Without versions of objects, so that what has expired
 * is gone, and never under Object Lock: what is to be kept unchanged is copied from here to the artifacts.
 * @internal
 */
export class StagingBucket extends s3.Bucket {
  constructor(scope: Construct, id: string, props: StagingBucketProps) {
    super(scope, id, {
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: props.encryptionKey,
      bucketKeyEnabled: true,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [
        { prefix: `${drafts}/`, expiration: props.draftExpiry },
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
      serverAccessLogsBucket: props.serverAccessLogsBucket,
      removalPolicy: props.removalPolicy,
    });
  }
}

/**
 * Allows to take what clients push, and to copy it for versions. Nothing is deleted, and what a signed URL may do is what
 * its signer may do.
 * @internal
 */
export function grantStaging(bucket: s3.IBucket, grantee: iam.IGrantable): iam.Grant {
  const areas: [area: string, actions: string[]][] = [
    [drafts, DRAFT_ACTIONS],
    [versions, VERSION_ACTIONS],
  ];
  return areas
    .map(([area, actions]) =>
      iam.Grant.addToPrincipal({ grantee, actions, resourceArns: [bucket.arnForObjects(`${area}/*`)] }),
    )
    .reduce((all, one) => all.combine(one))
    .combine(grantToldMissing(bucket, grantee, [`${drafts}/`, `${versions}/`]));
}
