import * as z from 'zod';
import type { ExchangeUrlsOptions } from '../../aws/exchange-urls.ts';
import { ENVIRONMENT } from '../../lib/contracts/environment.ts';

const variables = z.object({
  [ENVIRONMENT.registryTable]: z.string().min(1),
  [ENVIRONMENT.artifactsBucket]: z.string().min(1),
  [ENVIRONMENT.aliasMaxAge]: z.coerce.number().nonnegative().default(10),
  [ENVIRONMENT.exchangeBucket]: z.string().min(1).optional(),
  [ENVIRONMENT.exchangeUrlExpiry]: z.coerce.number().int().positive().default(900),
  [ENVIRONMENT.prime]: z
    .string()
    .default('[]')
    .transform((text) => z.array(z.string()).parse(JSON.parse(text))),
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: z.coerce.number().positive(),
});

export interface InferEnvironment {
  readonly registryTable: string;
  readonly artifactsBucket: string;
  readonly aliasMaxAgeMs: number;
  /** Undefined where large tensors are not exchanged. */
  readonly exchange: ExchangeUrlsOptions | undefined;
  /** Models that are opened before requests come, where there is time for it, and that stay open. */
  readonly prime: readonly string[];
  readonly memoryMegabytes: number;
}

export function readEnvironment(environment: NodeJS.ProcessEnv): InferEnvironment {
  const read = variables.parse(environment);
  const bucket = read[ENVIRONMENT.exchangeBucket];
  return {
    registryTable: read[ENVIRONMENT.registryTable],
    artifactsBucket: read[ENVIRONMENT.artifactsBucket],
    aliasMaxAgeMs: read[ENVIRONMENT.aliasMaxAge] * 1000,
    exchange:
      bucket === undefined ? undefined : { bucket, expirySeconds: read[ENVIRONMENT.exchangeUrlExpiry] },
    prime: read[ENVIRONMENT.prime],
    memoryMegabytes: read.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  };
}
