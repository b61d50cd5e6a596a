import * as z from 'zod';
import { ENVIRONMENT } from '../../lib/contracts/environment.ts';

const mebibytes = z.coerce.number().positive().optional();

const variables = z.object({
  [ENVIRONMENT.registryTable]: z.string().min(1),
  [ENVIRONMENT.artifactsBucket]: z.string().min(1),
  [ENVIRONMENT.stagingBucket]: z.string().min(1).optional(),
  [ENVIRONMENT.signingKey]: z.string().min(1),
  [ENVIRONMENT.pendingLimit]: z.coerce.number().positive(),
  [ENVIRONMENT.endpointMemory]: mebibytes,
  [ENVIRONMENT.endpointDisk]: mebibytes,
});

export type AdmissionEnvironment = ReturnType<typeof readAdmissionEnvironment>;

export function readAdmissionEnvironment(environment: NodeJS.ProcessEnv) {
  const read = variables.parse(environment);
  return {
    registryTable: read[ENVIRONMENT.registryTable],
    artifactsBucket: read[ENVIRONMENT.artifactsBucket],
    stagingBucket: read[ENVIRONMENT.stagingBucket],
    signingKey: read[ENVIRONMENT.signingKey],
    pendingLimitMs: read[ENVIRONMENT.pendingLimit] * 1000,
    endpoint: {
      memoryMegabytes: read[ENVIRONMENT.endpointMemory],
      diskMegabytes: read[ENVIRONMENT.endpointDisk],
    },
  };
}
