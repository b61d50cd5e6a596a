import { DescribeStacksCommand, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { type AwsTarget, cloudFormation } from '../aws/clients.ts';

export interface StackState {
  /** As CloudFormation calls it, for example `UPDATE_COMPLETE`. */
  readonly status: string;
  /** Why it is so, where CloudFormation says. */
  readonly reason?: string;
  readonly isProtected: boolean;
  readonly id: string;
}

/** @returns undefined when there is no such stack */
export async function stackState(target: AwsTarget, name: string): Promise<StackState | undefined> {
  try {
    const { Stacks } = await cloudFormation(target).send(new DescribeStacksCommand({ StackName: name }));
    const [found] = Stacks ?? [];
    if (found?.StackStatus === undefined || found.StackStatus === 'DELETE_COMPLETE') return undefined;
    return {
      status: found.StackStatus,
      reason: found.StackStatusReason,
      isProtected: found.EnableTerminationProtection === true,
      id: found.StackId ?? name,
    };
  } catch (error) {
    // CloudFormation has no error of its own for this: a ValidationError whose text says so.
    if ((error as Error).name === 'ValidationError' && /does not exist/.test((error as Error).message)) {
      return undefined;
    }
    throw error;
  }
}

export interface StackResource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
}

/** What a stack holds at the moment. */
export async function stackResources(target: AwsTarget, stack: string): Promise<StackResource[]> {
  const resources: StackResource[] = [];
  for await (const page of paginateListStackResources(
    { client: cloudFormation(target) },
    { StackName: stack },
  )) {
    for (const each of page.StackResourceSummaries ?? []) {
      if (each.ResourceStatus === 'DELETE_COMPLETE') continue;
      resources.push({
        logicalId: each.LogicalResourceId ?? '',
        physicalId: each.PhysicalResourceId ?? '',
        type: each.ResourceType ?? '',
      });
    }
  }
  return resources;
}
