import * as z from 'zod';
import { readTrustedKeys } from '../../core/registry/trusted-keys.ts';
import { ENVIRONMENT } from '../../lib/contracts/environment.ts';

const variables = z.object({
  [ENVIRONMENT.registryTable]: z.string().min(1),
  [ENVIRONMENT.artifactsBucket]: z.string().min(1),
  [ENVIRONMENT.trustedKeys]: z.string().optional(),
  [ENVIRONMENT.aliasMaxAge]: z.coerce.number().nonnegative().default(10),
  [ENVIRONMENT.model]: z.string().min(1),
  [ENVIRONMENT.modelVersion]: z.string().min(1).optional(),
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: z.coerce.number().positive(),
});

/** What functions are told that answer records with one model. */
export interface RecordEnvironment {
  readonly registryTable: string;
  readonly artifactsBucket: string;
  readonly aliasMaxAgeMs: number;
  /** Fingerprints of the keys whose signatures are trusted; undefined: versions need no signature. */
  readonly trustedKeys: readonly string[] | undefined;
  readonly model: string;
  /** Version or alias; undefined: the champion. */
  readonly version: string | undefined;
  readonly memoryMegabytes: number;
}

export function readRecordEnvironment(environment: NodeJS.ProcessEnv): RecordEnvironment {
  const read = variables.parse(environment);
  return {
    registryTable: read[ENVIRONMENT.registryTable],
    artifactsBucket: read[ENVIRONMENT.artifactsBucket],
    aliasMaxAgeMs: read[ENVIRONMENT.aliasMaxAge] * 1000,
    trustedKeys: readTrustedKeys(read[ENVIRONMENT.trustedKeys]),
    model: read[ENVIRONMENT.model],
    version: read[ENVIRONMENT.modelVersion],
    memoryMegabytes: read.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  };
}
