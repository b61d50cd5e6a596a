import { atEmulator } from '../aws/emulated-deployment.ts';
import {
  type Deployment,
  EVENT_OUTPUTS,
  OUTPUTS,
  SIZE_OUTPUTS,
  TRUST_OUTPUTS,
} from '../lib/contracts/deployment.ts';
import type { StackOutputs } from './cdk.ts';
import { LOCAL_REGION } from './environment.ts';
import { LocalRunError } from './failure.ts';

/**
 * What was deployed, at the emulator's addresses.
 * @throws LocalRunError `OUTPUT_MISSING`
 */
export function localDeployment(outputs: StackOutputs, awsEndpoint: string): Deployment {
  const all: Record<string, string> = Object.assign({}, ...Object.values(outputs));
  const output = (name: string): string => {
    const value = all[name];
    if (value) return value;
    throw new LocalRunError('OUTPUT_MISSING', `No stack has an output ${name}: is it the app in bin/?`);
  };
  const onAws: Deployment = {
    endpoint: output(OUTPUTS.endpoint),
    region: LOCAL_REGION,
    registryTable: output(OUTPUTS.registryTable),
    artifactsBucket: output(OUTPUTS.artifactsBucket),
    userPoolId: output(OUTPUTS.userPoolId),
    machineClientId: output(OUTPUTS.machineClientId),
    tokenEndpoint: output(OUTPUTS.tokenEndpoint),
    memoryMegabytes: Number(output(SIZE_OUTPUTS.memory)),
    diskMegabytes: Number(output(SIZE_OUTPUTS.disk)),
    eventBus: output(EVENT_OUTPUTS.eventBus),
    trustedKeys: output(TRUST_OUTPUTS.trustedKeys),
  };
  return atEmulator(onAws, awsEndpoint);
}
