import type { AwsTarget } from '../aws/clients.ts';
import { dynamoDb } from '../aws/clients.ts';
import { RegistryTable } from '../aws/registry-table.ts';
import { STACKS } from '../lib/contracts/deployment.ts';
import type { Caller } from './aws-account.ts';
import { bucketContent } from './destroy-bucket.ts';
import { deleteWithContents } from './destroy-contents.ts';
import { releaseStack } from './destroy-stack.ts';
import { type StackResource, stackResources } from './stack-state.ts';
import { byteSize } from './table.ts';

/** What people lose with the data stack, in words, one thing a line. */
export async function whatIsLost(target: AwsTarget): Promise<string[]> {
  const resources = await stackResources(target, STACKS.data);
  const lines = await Promise.all(
    resources.map(async (resource) => {
      switch (resource.type) {
        case 'AWS::DynamoDB::Table':
        case 'AWS::DynamoDB::GlobalTable':
          return `table ${resource.physicalId}${await modelsIn(target, resource)}`;
        case 'AWS::S3::Bucket':
          return `bucket ${resource.physicalId}${await contentOf(target, resource)}`;
        case 'AWS::Cognito::UserPool':
          return `user pool ${resource.physicalId} with its users and clients: their tokens and secrets end`;
        case 'AWS::Kinesis::Stream':
          return `stream ${resource.physicalId} with the records in it`;
        case 'AWS::KMS::Key':
          return `key ${resource.physicalId}: deleted after its waiting period, until then it can be restored in the KMS console`;
        default:
          return undefined;
      }
    }),
  );
  return lines.filter((line) => line !== undefined);
}

async function modelsIn(target: AwsTarget, { physicalId, logicalId }: StackResource): Promise<string> {
  if (!logicalId.startsWith('ModelRegistryStore')) return '';
  const names = await new RegistryTable(dynamoDb(target), physicalId).modelNames().catch(() => undefined);
  if (names === undefined) return ' with all models, versions and aliases';
  const shown = names.length > 10 ? [...names.slice(0, 10), '…'] : names;
  return ` with ${names.length} ${names.length === 1 ? 'model' : 'models'}${names.length > 0 ? ` (${shown.join(', ')})` : ''}, their versions and aliases`;
}

async function contentOf(target: AwsTarget, { physicalId }: StackResource): Promise<string> {
  const content = await bucketContent(target, physicalId).catch(() => undefined);
  if (content === undefined) return ' with everything in it';
  const objects = content.objects === 1 ? '1 object' : `${content.objects} objects`;
  return ` with ${objects}, older versions included (${byteSize(content.bytes)})`;
}

/** Deletes the data stack with all that it keeps. What cannot be undone comes last. */
export async function destroyData(
  target: AwsTarget,
  caller: Caller,
  onLine: (line: string) => void,
): Promise<void> {
  await releaseStack(target, caller, STACKS.data, onLine);
  await deleteWithContents(target, STACKS.data, onLine);
}
