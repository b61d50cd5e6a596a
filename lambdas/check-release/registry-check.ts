import * as z from 'zod';
import { SELF_CHECK } from '../shared/self-check.ts';
import { httpResult, refusalOf } from './http-result.ts';
import { failureOf, type ReleaseCheck } from './release-check.ts';

const registryCheckResult = z.object({ listing: httpResult, lookup: httpResult });

/** The new version of `registry-api` lists models, and says of a name that nobody has that it does not exist. */
export const registryCheck: ReleaseCheck = {
  event: SELF_CHECK,
  fault({ payload, failed }) {
    if (failed) return `the function failed: ${failureOf(payload)}`;
    const read = registryCheckResult.safeParse(payload);
    if (!read.success) return 'the function does not know the self-check';
    const { listing, lookup } = read.data;
    if (listing.statusCode !== 200) return `models could not be listed: ${refusalOf(listing)}`;
    const answer = refusalOf(lookup);
    return answer === 'status 404 RESOURCE_DOES_NOT_EXIST'
      ? undefined
      : `a model that does not exist was answered with ${answer}`;
  },
};
