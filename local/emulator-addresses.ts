import { type Deployment, OUTPUTS } from '../lib/contracts/deployment.ts';
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
  return {
    endpoint: stageAddress(output(OUTPUTS.endpoint), awsEndpoint),
    region: LOCAL_REGION,
    registryTable: output(OUTPUTS.registryTable),
    artifactsBucket: output(OUTPUTS.artifactsBucket),
    userPoolId: output(OUTPUTS.userPoolId),
    machineClientId: output(OUTPUTS.machineClientId),
    tokenEndpoint: new URL(new URL(output(OUTPUTS.tokenEndpoint)).pathname, awsEndpoint).href,
    awsEndpoint,
  };
}

/** `https://<api>.execute-api.<region>.<suffix>/<stage>/` as the emulator serves it: by path instead of by host. */
function stageAddress(endpoint: string, awsEndpoint: string): string {
  const { hostname, pathname } = new URL(endpoint);
  const [api] = hostname.split('.');
  const stage = pathname.replaceAll('/', '');
  return new URL(`/_aws/execute-api/${api}/${stage}`, awsEndpoint).href;
}
