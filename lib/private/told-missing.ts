import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';

/**
 * Lets S3 say 404 of an object that is not there. To a caller without `s3:ListBucket` it says 403, which is also what a
 * missing permission looks like. Source: Amazon S3 API, GetObject and HeadObject, "Permissions".
 *
 * Only a listing has a prefix, so that a condition that wants one would not hold for the read of an object: `IfExists`.
 * A listing that names no prefix is allowed with it, of the keys alone.
 *
 * @param prefixes of the keys that the grantee may read; of listings that name a prefix, only these are allowed
 */
export function grantToldMissing(
  bucket: s3.IBucket,
  grantee: iam.IGrantable,
  prefixes: readonly string[],
): iam.Grant {
  return iam.Grant.addToPrincipal({
    grantee,
    actions: ['s3:ListBucket'],
    resourceArns: [bucket.bucketArn],
    conditions: { StringLikeIfExists: { 's3:prefix': prefixes.map((prefix) => `${prefix}*`) } },
  });
}
