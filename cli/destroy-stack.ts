import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteStackCommand,
  DescribeStackEventsCommand,
  GetTemplateCommand,
  UpdateStackCommand,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { type AwsTarget, cloudFormation, s3 } from '../aws/clients.ts';
import { StrataError } from '../core/errors.ts';
import type { Caller } from './aws-account.ts';
import { type StoredTemplate, withoutProtection } from './destroy-template.ts';
import { stackState } from './stack-state.ts';

/** Longest template that may be sent itself; longer ones are read from S3. Source: CloudFormation quotas. */
const MAX_TEMPLATE_BYTES = 51_200;

const POLL_MS = { aws: 3_000, emulator: 200 };

/** A day: CloudFormation ends by itself, and a user pool or a distribution may take long. */
const DEADLINE_MS = 24 * 3_600_000;

/**
 * Deletes a stack and waits until it is gone.
 * @throws StrataError `STACK_NOT_DELETED` with what CloudFormation says
 */
export async function deleteStack(
  target: AwsTarget,
  name: string,
  onLine: (line: string) => void,
): Promise<void> {
  const state = await stackState(target, name);
  if (state === undefined) return;
  await cloudFormation(target).send(new DeleteStackCommand({ StackName: name }));
  const last = await settled(target, name, onLine);
  if (last !== undefined) throw await notDone('STACK_NOT_DELETED', 'deleted', target, name, last);
}

/**
 * Lifts everything that keeps a stack and its data from being deleted: termination protection, deletion protection of
 * tables and user pools, deletion policies.
 * @throws StrataError `STACK_NOT_RELEASED` with what CloudFormation says
 */
export async function releaseStack(
  target: AwsTarget,
  caller: Caller,
  name: string,
  onLine: (line: string) => void,
): Promise<void> {
  const client = cloudFormation(target);
  await client.send(
    new UpdateTerminationProtectionCommand({ StackName: name, EnableTerminationProtection: false }),
  );
  const { TemplateBody = '{}' } = await client.send(
    new GetTemplateCommand({ StackName: name, TemplateStage: 'Original' }),
  );
  const released = withoutProtection(JSON.parse(TemplateBody) as StoredTemplate);
  const parameters = Object.keys((released['Parameters'] ?? {}) as object);
  try {
    await client.send(
      new UpdateStackCommand({
        StackName: name,
        ...(await templateOf(target, caller, JSON.stringify(released))),
        Parameters: parameters.map((ParameterKey) => ({ ParameterKey, UsePreviousValue: true })),
        Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'],
      }),
    );
  } catch (error) {
    if (/no updates are to be performed/i.test((error as Error).message)) return;
    throw error;
  }
  const status = await settled(target, name, onLine);
  if (status !== 'UPDATE_COMPLETE')
    throw await notDone('STACK_NOT_RELEASED', 'released', target, name, status);
}

/** A long template goes by way of the bucket that the CDK keeps for it. */
async function templateOf(target: AwsTarget, { account, region }: Caller, body: string) {
  if (Buffer.byteLength(body) <= MAX_TEMPLATE_BYTES) return { TemplateBody: body };
  const bucket = `cdk-hnb659fds-assets-${account}-${region}`;
  const key = `strata-destroy-${Date.now()}.json`;
  const client = s3(target);
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  const { url } = client.config.endpointProvider({
    Bucket: bucket,
    Region: region,
    ForcePathStyle: target.awsEndpoint !== undefined,
    Endpoint: target.awsEndpoint,
  });
  return { TemplateURL: new URL(`${url.pathname.replace(/\/$/, '')}/${key}`, url).href };
}

/** Waits until CloudFormation has done with a stack. @returns its state, undefined when it is gone */
async function settled(
  target: AwsTarget,
  name: string,
  onLine: (line: string) => void,
): Promise<string | undefined> {
  const deadline = Date.now() + DEADLINE_MS;
  const pause = target.awsEndpoint === undefined ? POLL_MS.aws : POLL_MS.emulator;
  while (Date.now() < deadline) {
    const state = await stackState(target, name);
    if (state === undefined || !state.status.endsWith('_IN_PROGRESS')) return state?.status;
    onLine(`${name}: ${state.status}`);
    await sleep(pause);
  }
  throw new StrataError('STACK_BUSY', `CloudFormation is still busy with ${name}; try again later.`);
}

async function notDone(
  code: string,
  what: string,
  target: AwsTarget,
  name: string,
  status: string | undefined,
): Promise<StrataError> {
  const { StackEvents = [] } = await cloudFormation(target).send(
    new DescribeStackEventsCommand({ StackName: name }),
  );
  const failures = StackEvents.filter(({ ResourceStatus }) => ResourceStatus?.endsWith('_FAILED'));
  // The newest is the stack's own and names resources; why they failed stands in theirs.
  const failed =
    failures.find(({ ResourceType }) => ResourceType !== 'AWS::CloudFormation::Stack') ?? failures[0];
  const why =
    failed && `${failed.LogicalResourceId} (${failed.ResourceType}): ${failed.ResourceStatusReason}`;
  return new StrataError(
    code,
    `${name} could not be ${what}: ${status}${why ? `, ${why}` : ''}. Its events in the CloudFormation console say more.`,
  );
}
