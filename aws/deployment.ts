import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { NotFoundError, StrataError } from '../core/errors.ts';
import {
  type Deployment,
  EVENT_OUTPUTS,
  OUTPUTS,
  SIZE_OUTPUTS,
  TRUST_OUTPUTS,
} from '../lib/contracts/deployment.ts';
import { orUnavailable } from './unavailable.ts';

/**
 * The deployment that a CloudFormation stack describes by its outputs.
 * @throws NotFoundError `STACK_NOT_FOUND`
 * @throws StrataError `NOT_A_SERVICE_STACK` when outputs are missing
 * @throws UnavailableError `CLOUDFORMATION_UNAVAILABLE`
 */
export async function deploymentOfStack(client: CloudFormationClient, stack: string): Promise<Deployment> {
  const outputs = await outputsOf(client, stack);
  const missing = Object.values(OUTPUTS).filter((name) => outputs[name] === undefined);
  if (missing.length > 0) {
    throw new StrataError(
      'NOT_A_SERVICE_STACK',
      `The stack ${stack} has no output ${missing.join(', ')}; give the stack that holds Strata's service.`,
    );
  }
  const output = (name: keyof typeof OUTPUTS): string => outputs[OUTPUTS[name]] ?? '';
  return {
    endpoint: output('endpoint').replace(/\/+$/, ''),
    region: await client.config.region(),
    registryTable: output('registryTable'),
    artifactsBucket: output('artifactsBucket'),
    userPoolId: output('userPoolId'),
    machineClientId: output('machineClientId'),
    tokenEndpoint: output('tokenEndpoint'),
    memoryMegabytes: sizeOf(outputs[SIZE_OUTPUTS.memory]),
    diskMegabytes: sizeOf(outputs[SIZE_OUTPUTS.disk]),
    eventBus: outputs[EVENT_OUTPUTS.eventBus],
    trustedKeys: outputs[TRUST_OUTPUTS.trustedKeys],
  };
}

/** Undefined where the stack says nothing that could be a size. */
function sizeOf(output: string | undefined): number | undefined {
  const size = Number(output);
  return Number.isInteger(size) && size > 0 ? size : undefined;
}

async function outputsOf(client: CloudFormationClient, stack: string): Promise<Record<string, string>> {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    return Object.fromEntries(
      (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
  } catch (error) {
    // CloudFormation has no error of its own for this: a ValidationError whose text says so.
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) {
      throw new NotFoundError(
        'STACK_NOT_FOUND',
        `There is no stack ${stack} in ${await client.config.region()}; check its name, the region and the profile.`,
        { cause: error },
      );
    }
    throw orUnavailable(error, 'CLOUDFORMATION_UNAVAILABLE', 'CloudFormation does not answer; try again.');
  }
}
