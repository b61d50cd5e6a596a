import { UnavailableError } from '../core/errors.ts';

/** Memory that request bodies may take at once. */
export class BodyBudget {
  readonly #maxBytes: number;
  #held = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws UnavailableError `OVERLOADED`; a body that is alone may have more than there is, up to its own limit */
  take(bytes: number): void {
    if (this.#held > 0 && this.#held + bytes > this.#maxBytes) {
      throw new UnavailableError(
        'OVERLOADED',
        'The server holds as many request bodies as it may. Try again in a moment.',
      );
    }
    this.#held += bytes;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }
}
