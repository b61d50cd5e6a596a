import '../../core/english-errors.ts';
import * as z from 'zod/mini';
import type { ExchangeUrlsOptions } from '../../aws/exchange-urls.ts';
import { readTrustedKeys } from '../../core/registry/trusted-keys.ts';
import { ENVIRONMENT } from '../../lib/contracts/environment.ts';

const text = z.string().check(z.minLength(1));

const variables = z.object({
  [ENVIRONMENT.registryTable]: text,
  [ENVIRONMENT.artifactsBucket]: text,
  [ENVIRONMENT.trustedKeys]: z.optional(z.string()),
  [ENVIRONMENT.aliasMaxAge]: z._default(z.coerce.number().check(z.nonnegative()), 10),
  [ENVIRONMENT.exchangeBucket]: z.optional(text),
  [ENVIRONMENT.exchangeUrlExpiry]: z._default(z.coerce.number().check(z.int(), z.positive()), 900),
  [ENVIRONMENT.prime]: z.pipe(
    z._default(z.string(), '[]'),
    z.transform((list) => z.array(z.string()).parse(JSON.parse(list))),
  ),
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: z.coerce.number().check(z.positive()),
});

export interface InferEnvironment {
  readonly registryTable: string;
  readonly artifactsBucket: string;
  readonly aliasMaxAgeMs: number;
  /** Fingerprints of the keys whose signatures are trusted; undefined: versions need no signature. */
  readonly trustedKeys: readonly string[] | undefined;
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
    trustedKeys: readTrustedKeys(read[ENVIRONMENT.trustedKeys]),
    aliasMaxAgeMs: read[ENVIRONMENT.aliasMaxAge] * 1000,
    exchange:
      bucket === undefined ? undefined : { bucket, expirySeconds: read[ENVIRONMENT.exchangeUrlExpiry] },
    prime: read[ENVIRONMENT.prime],
    memoryMegabytes: read.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  };
}
