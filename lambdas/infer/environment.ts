import * as z from 'zod';
import { ENVIRONMENT } from '../../lib/contracts/environment.ts';

const variables = z.object({
  [ENVIRONMENT.registryTable]: z.string().min(1),
  [ENVIRONMENT.artifactsBucket]: z.string().min(1),
  [ENVIRONMENT.aliasMaxAge]: z.coerce.number().nonnegative().default(10),
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: z.coerce.number().positive(),
});

export interface InferEnvironment {
  readonly registryTable: string;
  readonly artifactsBucket: string;
  readonly aliasMaxAgeMs: number;
  readonly memoryMegabytes: number;
}

export function readEnvironment(environment: NodeJS.ProcessEnv): InferEnvironment {
  const read = variables.parse(environment);
  return {
    registryTable: read[ENVIRONMENT.registryTable],
    artifactsBucket: read[ENVIRONMENT.artifactsBucket],
    aliasMaxAgeMs: read[ENVIRONMENT.aliasMaxAge] * 1000,
    memoryMegabytes: read.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  };
}
