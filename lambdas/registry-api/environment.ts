import * as z from 'zod';
import { ENVIRONMENT } from '../../lib/contracts/environment.ts';

const variables = z.object({
  [ENVIRONMENT.registryTable]: z.string().min(1),
  [ENVIRONMENT.stagingBucket]: z.optional(z.string().min(1)),
});

export interface RegistryApiEnvironment {
  readonly registryTable: string;
  /** Absent: clients cannot push files. */
  readonly stagingBucket?: string;
}

export function readEnvironment(environment: NodeJS.ProcessEnv): RegistryApiEnvironment {
  const read = variables.parse(environment);
  return {
    registryTable: read[ENVIRONMENT.registryTable],
    stagingBucket: read[ENVIRONMENT.stagingBucket],
  };
}
