import type { S3ServiceException } from '@aws-sdk/client-s3';

/** Whether S3 says that there is no such object. It does to whoever may list the bucket, which our grants allow. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404;
}

/**
 * Whether S3 says that the object may not be read: a permission is missing, or, to whoever may not list the bucket, the
 * object. Source: Amazon S3 API, GetObject and HeadObject, "Permissions".
 */
export function isForbidden(error: unknown): boolean {
  return statusOf(error) === 403;
}

function statusOf(error: unknown): number | undefined {
  return (error as S3ServiceException).$metadata?.httpStatusCode;
}
