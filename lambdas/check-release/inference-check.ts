import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import expected from '../infer/golden/answer.json' with { type: 'json' };
import { SELF_CHECK } from '../shared/self-check.ts';
import { bytesOf, type HttpResult, httpResult, parsed, refusalOf } from './http-result.ts';
import { failureOf, type ReleaseCheck } from './release-check.ts';

const selfCheckResult = z.object({ readiness: httpResult, inference: httpResult });

const answer = z.object({ outputs: z.array(z.unknown()) });

/** The new version of `infer` reaches the registry, and answers the golden inference bit for bit. */
export const inferenceCheck: ReleaseCheck = {
  event: SELF_CHECK,
  fault({ payload, failed }) {
    if (failed) return `the function failed: ${failureOf(payload)}`;
    const read = selfCheckResult.safeParse(payload);
    if (!read.success) return 'the function does not know the self-check';
    const { readiness, inference } = read.data;
    if (readiness.statusCode !== 200) return `the function is not ready to serve: ${refusalOf(readiness)}`;
    if (inference.statusCode !== 200) return `the golden inference was refused: ${refusalOf(inference)}`;
    return differenceFromExpected(inference);
  },
};

function differenceFromExpected(inference: HttpResult): string | undefined {
  const body = bytesOf(inference);
  const length = Number(inference.headers['inference-header-content-length'] ?? body.length);
  const read = answer.safeParse(parsed(body.toString('utf8', 0, length)));
  if (!read.success) return 'the golden inference was not answered with outputs';
  const { outputs } = read.data;
  const other = expected.outputs.find((wanted) => !outputs.some((given) => isDeepStrictEqual(given, wanted)));
  if (other) return `the output "${other.name}" is not the expected one`;
  return body.toString('base64', length) === expected.binary
    ? undefined
    : 'the bytes of the binary outputs are not the expected ones';
}
