import type { Deployment } from '../lib/contracts/deployment.ts';

/** A deployment as the emulator serves it: its outputs name addresses of AWS. */
export function atEmulator(deployment: Deployment, awsEndpoint: string): Deployment {
  const { endpoint, tokenEndpoint } = deployment;
  return {
    ...deployment,
    endpoint: stageAddress(endpoint, awsEndpoint),
    tokenEndpoint: new URL(new URL(tokenEndpoint).pathname, awsEndpoint).href,
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
