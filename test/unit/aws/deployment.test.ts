import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { deploymentOfStack } from '../../../aws/deployment.ts';

const OUTPUTS = {
  Endpoint: 'https://api.example/prod/',
  RegistryTable: 'registry',
  ArtifactsBucket: 'artifacts',
  UserPoolId: 'pool',
  MachineClientId: 'machine',
  TokenEndpoint: 'https://auth.example/oauth2/token',
};

const cloudFormation = mockClient(CloudFormationClient);
const client = new CloudFormationClient({ region: 'eu-west-1' });

function stackWith(outputs: Record<string, string>): void {
  const Outputs = Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
  cloudFormation.on(DescribeStacksCommand).resolves({
    Stacks: [{ StackName: 's', CreationTime: new Date(), StackStatus: 'CREATE_COMPLETE', Outputs }],
  });
}

beforeEach(() => cloudFormation.reset());

describe('deploymentOfStack', () => {
  it('reads the outputs; the endpoint loses its last slash, the region is that of the client', async () => {
    stackWith(OUTPUTS);
    expect(await deploymentOfStack(client, 's')).toEqual({
      endpoint: 'https://api.example/prod',
      region: 'eu-west-1',
      registryTable: 'registry',
      artifactsBucket: 'artifacts',
      userPoolId: 'pool',
      machineClientId: 'machine',
      tokenEndpoint: 'https://auth.example/oauth2/token',
    });
  });

  it('reads what the inference function is given, where the stack says it', async () => {
    stackWith({ ...OUTPUTS, InferenceMemory: '3538', InferenceDisk: '1024' });
    expect(await deploymentOfStack(client, 's')).toMatchObject({
      memoryMegabytes: 3538,
      diskMegabytes: 1024,
    });
  });

  it('names what another kind of stack lacks', async () => {
    stackWith({ Endpoint: OUTPUTS.Endpoint, UserPoolId: 'pool' });
    await expect(deploymentOfStack(client, 's')).rejects.toMatchObject({
      code: 'NOT_A_SERVICE_STACK',
      message: expect.stringContaining('RegistryTable, ArtifactsBucket, MachineClientId, TokenEndpoint'),
    });
  });

  it('says that there is no such stack', async () => {
    const error = Object.assign(new Error('Stack with id s does not exist'), { name: 'ValidationError' });
    cloudFormation.on(DescribeStacksCommand).rejects(error);
    await expect(deploymentOfStack(client, 's')).rejects.toMatchObject({ code: 'STACK_NOT_FOUND' });
  });

  it('tells throttling from a refusal', async () => {
    cloudFormation
      .on(DescribeStacksCommand)
      .rejects(Object.assign(new Error('slow'), { name: 'Throttling' }));
    await expect(deploymentOfStack(client, 's')).rejects.toMatchObject({
      code: 'CLOUDFORMATION_UNAVAILABLE',
    });
    const denied = Object.assign(new Error('no'), { name: 'AccessDenied' });
    cloudFormation.on(DescribeStacksCommand).rejects(denied);
    await expect(deploymentOfStack(client, 's')).rejects.toBe(denied);
  });
});
