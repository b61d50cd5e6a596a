import { InvalidInputError } from '../errors.ts';

/** Notes stand in the item of their model or version, which is read with every read of the model. */
const MAX_NOTES_BYTES = 64 * 1024;

/** @throws InvalidInputError `NOTES_TOO_LONG` */
export function assertNotes(notes: string | undefined): void {
  const bytes = Buffer.byteLength(notes ?? '');
  if (bytes <= MAX_NOTES_BYTES) return;
  throw new InvalidInputError(
    'NOTES_TOO_LONG',
    `The description has ${bytes} bytes, at most ${MAX_NOTES_BYTES} are kept; put long texts into a file of the model.`,
  );
}
