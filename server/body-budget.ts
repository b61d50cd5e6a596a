import { UnavailableError } from '../core/errors.ts';

/** The part of the whole that only small bodies get: one in so many bytes. */
const SHARE_OF_SMALL = 8;

/**
 * Memory that bodies may take at once: of requests, as sent and unpacked, and of answers that clients have not taken yet.
 * However many of them are large, every connection can have one small body.
 */
export class BodyBudget {
  readonly #maxBytes: number;
  readonly #maxOfLarge: number;
  readonly #small: number;
  #held = 0;

  /** @param maxConnections that send bodies at the same time */
  constructor(maxBytes: number, maxConnections: number) {
    this.#maxBytes = maxBytes;
    this.#maxOfLarge = maxBytes - Math.floor(maxBytes / SHARE_OF_SMALL);
    this.#small = Math.floor((maxBytes - this.#maxOfLarge) / maxConnections);
  }

  get held(): number {
    return this.#held;
  }

  /**
   * @param before what the same body has already
   * @throws UnavailableError `OVERLOADED`; a body that is alone may have more than there is, up to its own limit
   */
  take(bytes: number, before = 0): void {
    const max = before + bytes <= this.#small ? this.#maxBytes : this.#maxOfLarge;
    if (this.#held > before && this.#held + bytes > max) {
      throw new UnavailableError(
        'OVERLOADED',
        'The server holds as many bodies of requests and answers as it may. Try again in a moment.',
      );
    }
    this.#held += bytes;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }
}
