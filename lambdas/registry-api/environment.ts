import * as z from 'zod';
import { ENVIRONMENT } from '../../lib/contracts/environment.ts';

const variables = z.object({ [ENVIRONMENT.registryTable]: z.string().min(1) });

export interface RegistryApiEnvironment {
  readonly registryTable: string;
}

export function readEnvironment(environment: NodeJS.ProcessEnv): RegistryApiEnvironment {
  const read = variables.parse(environment);
  return { registryTable: read[ENVIRONMENT.registryTable] };
}
