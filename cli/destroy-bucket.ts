import {
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type AwsTarget, s3 } from '../aws/clients.ts';
import { StrataError } from '../core/errors.ts';

export interface BucketContent {
  /** Every version counts. */
  readonly objects: number;
  readonly bytes: number;
}

/** What lies in a bucket; older versions and delete markers too. */
export async function bucketContent(target: AwsTarget, bucket: string): Promise<BucketContent> {
  let objects = 0;
  let bytes = 0;
  for await (const { Versions = [] } of versionPages(s3(target), bucket)) {
    objects += Versions.length;
    bytes += Versions.reduce((sum, { Size = 0 }) => sum + Size, 0);
  }
  return { objects, bytes };
}

/**
 * Deletes every version of every object, and every delete marker.
 * @throws StrataError `BUCKET_NOT_EMPTIED` when S3 keeps one, for example by Object Lock
 */
export async function emptyBucket(
  target: AwsTarget,
  bucket: string,
  onProgress: (deleted: number) => void = () => {},
): Promise<void> {
  const client = s3(target);
  let deleted = 0;
  // A page holds 1000 keys at most, which is as many as one deletion takes.
  for await (const { Versions = [], DeleteMarkers = [] } of versionPages(client, bucket)) {
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (Objects.length === 0) continue;
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
    );
    const [first] = Errors;
    if (first !== undefined) {
      throw new StrataError(
        'BUCKET_NOT_EMPTIED',
        `S3 keeps ${Errors.length} objects of the bucket ${bucket}, for example ${first.Key} (${first.Code}: ${first.Message}). ` +
          'An object under a retention of Object Lock can be deleted when that has ended.',
      );
    }
    deleted += Objects.length;
    onProgress(deleted);
  }
}

/** Pages of at most 1000 versions and markers; the SDK has no paginator for them. */
async function* versionPages(client: S3Client, bucket: string): AsyncGenerator<ListObjectVersionsOutput> {
  let next: Pick<ListObjectVersionsOutput, 'NextKeyMarker' | 'NextVersionIdMarker'> | undefined = {};
  while (next !== undefined) {
    const page: ListObjectVersionsOutput = await client.send(
      new ListObjectVersionsCommand({
        Bucket: bucket,
        KeyMarker: next.NextKeyMarker,
        VersionIdMarker: next.NextVersionIdMarker,
      }),
    );
    yield page;
    next = page.IsTruncated ? page : undefined;
  }
}
