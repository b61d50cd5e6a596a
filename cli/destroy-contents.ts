import { GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { type AwsTarget, cloudFormation } from '../aws/clients.ts';
import { emptyBucket } from './destroy-bucket.ts';
import { deleteStack } from './destroy-stack.ts';
import { isDeletedWithStack, type StoredTemplate } from './destroy-template.ts';
import { stackResources } from './stack-state.ts';

/** How often a bucket that fills while it is emptied is emptied: S3 delivers access logs late, and callers go on. */
const ATTEMPTS = 3;

/**
 * Deletes a stack with what its buckets hold: CloudFormation deletes empty ones only. Buckets that the stack leaves behind
 * are not touched.
 * @throws StrataError `STACK_NOT_DELETED`, `BUCKET_NOT_EMPTIED`
 */
export async function deleteWithContents(
  target: AwsTarget,
  stack: string,
  onLine: (line: string) => void,
): Promise<void> {
  const buckets = await bucketsThatGo(target, stack);
  for (let attempt = 1; ; attempt++) {
    for (const bucket of buckets) {
      await emptyBucket(target, bucket, (deleted) => onLine(`${bucket}: ${deleted} objects deleted`)).catch(
        ignoreGone,
      );
    }
    try {
      await deleteStack(target, stack, onLine);
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !/not empty/i.test((error as Error).message)) throw error;
    }
  }
}

async function bucketsThatGo(target: AwsTarget, stack: string): Promise<string[]> {
  const [resources, { TemplateBody = '{}' }] = await Promise.all([
    stackResources(target, stack),
    cloudFormation(target).send(new GetTemplateCommand({ StackName: stack, TemplateStage: 'Original' })),
  ]);
  const template = JSON.parse(TemplateBody) as StoredTemplate;
  return resources
    .filter(({ type, logicalId }) => type === 'AWS::S3::Bucket' && isDeletedWithStack(template, logicalId))
    .map(({ physicalId }) => physicalId);
}

/** A bucket of a deletion that stopped half way. */
function ignoreGone(error: unknown): void {
  if ((error as Error).name !== 'NoSuchBucket') throw error;
}
