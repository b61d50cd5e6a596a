import { InvalidInputError } from '../errors.ts';
import type { Why } from './alias-history.ts';

const MOST_CHARACTERS = 2_000;
/** Item size limit of DynamoDB is 400 KiB; a log is to be read as a whole. */
const MOST_EVIDENCE_BYTES = 64 * 1024;

/** @throws InvalidInputError `INVALID_REASON`, `INVALID_EVIDENCE` */
export function assertWhy({ reason, evidence }: Why): void {
  if (reason !== undefined && (reason.trim() === '' || reason.length > MOST_CHARACTERS)) {
    throw new InvalidInputError(
      'INVALID_REASON',
      `A reason has 1 to ${MOST_CHARACTERS} characters, not only blanks; this one has ${reason.length}.`,
    );
  }
  const bytes = evidence === undefined ? 0 : Buffer.byteLength(JSON.stringify(evidence));
  if (bytes > MOST_EVIDENCE_BYTES) {
    throw new InvalidInputError(
      'INVALID_EVIDENCE',
      `The evidence has ${bytes} bytes as JSON, at most ${MOST_EVIDENCE_BYTES} are kept; keep it elsewhere and refer to it.`,
    );
  }
}
