import type { S3ServiceException } from '@aws-sdk/client-s3';

/**
 * Whether S3 says that there is no such object: 404, or 403 to a caller who may not list the bucket.
 * Source: Amazon S3 API, GetObject and HeadObject, "Permissions".
 */
export function isMissing(error: unknown): boolean {
  const status = (error as S3ServiceException).$metadata?.httpStatusCode;
  return status === 404 || status === 403;
}
