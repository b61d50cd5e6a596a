import * as z from 'zod';
import { ENVIRONMENT } from '../../lib/contracts/environment.ts';
import { RELEASE_CHECKS, type ReleaseCheckName } from '../../lib/contracts/release.ts';

const variables = z.object({
  [ENVIRONMENT.releaseCheck]: z.enum(RELEASE_CHECKS),
  [ENVIRONMENT.releaseVersion]: z.string().min(1),
});

export interface CheckReleaseEnvironment {
  readonly check: ReleaseCheckName;
  /** ARN of the version that is to be released. */
  readonly version: string;
}

export function readEnvironment(environment: NodeJS.ProcessEnv): CheckReleaseEnvironment {
  const read = variables.parse(environment);
  return { check: read[ENVIRONMENT.releaseCheck], version: read[ENVIRONMENT.releaseVersion] };
}
