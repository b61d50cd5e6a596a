import { describe, expect, it } from 'vitest';
import { localDeployment } from '../../../local/emulator-addresses.ts';

const outputs = {
  StrataData: { ExportsOutputRefTable: 'StrataData-Table' },
  StrataService: {
    Endpoint: 'https://0a1b2c3d.execute-api.us-east-1.amazonaws.com/prod/',
    RegistryTable: 'StrataData-Table',
    ArtifactsBucket: 'strata-artifacts',
    UserPoolId: 'us-east-1_AbCdEf',
    MachineClientId: 'client',
    TokenEndpoint: 'https://strata-0.auth.us-east-1.amazoncognito.com/oauth2/token',
    InferenceMemory: '1769',
    InferenceDisk: '1024',
    RegistryEventBus: 'StrataServiceBus',
    TrustedSigningKeys: 'ab12',
  },
};

describe('the deployment as the emulator serves it', () => {
  it('has the addresses of the emulator and the names of the stacks', () => {
    expect(localDeployment(outputs, 'http://127.0.0.1:4790')).toEqual({
      endpoint: 'http://127.0.0.1:4790/_aws/execute-api/0a1b2c3d/prod',
      region: 'us-east-1',
      registryTable: 'StrataData-Table',
      artifactsBucket: 'strata-artifacts',
      userPoolId: 'us-east-1_AbCdEf',
      machineClientId: 'client',
      tokenEndpoint: 'http://127.0.0.1:4790/oauth2/token',
      memoryMegabytes: 1769,
      diskMegabytes: 1024,
      eventBus: 'StrataServiceBus',
      trustedKeys: 'ab12',
      awsEndpoint: 'http://127.0.0.1:4790',
    });
  });

  it('cannot be told without an output, which the error names', () => {
    const { UserPoolId: _, ...rest } = outputs.StrataService;
    expect(() => localDeployment({ StrataService: rest }, 'http://127.0.0.1:4790')).toThrow(
      expect.objectContaining({ code: 'OUTPUT_MISSING', message: expect.stringContaining('UserPoolId') }),
    );
  });
});
