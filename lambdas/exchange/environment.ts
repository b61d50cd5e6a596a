import * as z from 'zod';
import { ENVIRONMENT } from '../../lib/contracts/environment.ts';

const variables = z.object({
  [ENVIRONMENT.exchangeBucket]: z.string().min(1),
  [ENVIRONMENT.exchangeUrlExpiry]: z.coerce.number().int().positive(),
  [ENVIRONMENT.exchangeMaxUpload]: z.coerce.number().int().positive(),
});

export interface ExchangeEnvironment {
  readonly bucket: string;
  readonly urlExpirySeconds: number;
  /** Largest sum of the uploads of one request. */
  readonly maxUploadBytes: number;
}

export function readEnvironment(environment: NodeJS.ProcessEnv): ExchangeEnvironment {
  const read = variables.parse(environment);
  return {
    bucket: read[ENVIRONMENT.exchangeBucket],
    urlExpirySeconds: read[ENVIRONMENT.exchangeUrlExpiry],
    maxUploadBytes: read[ENVIRONMENT.exchangeMaxUpload],
  };
}
