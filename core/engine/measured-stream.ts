import { createHash } from 'node:crypto';
import type { Artifact } from '../registry/model-version.ts';

/** More bytes came than were registered: no need to read on. */
export class TooLongError extends Error {
  override readonly name = 'TooLongError';
}

/** Measures bytes as they pass, against the digest and size that were registered. */
export class MeasuredStream {
  readonly #expected: Artifact;
  readonly #hash = createHash('sha256');
  #size = 0;

  constructor(expected: Artifact) {
    this.#expected = expected;
  }

  /**
   * A step for `pipeline`.
   *
   * @throws TooLongError
   */
  async *pass(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#size += chunk.byteLength;
      this.#hash.update(chunk);
      if (this.#size > this.#expected.size) throw new TooLongError();
      yield chunk;
    }
  }

  /** What has passed until now. */
  measure(): Artifact {
    return { digest: this.#hash.copy().digest('hex'), size: this.#size };
  }

  agrees(): boolean {
    const { digest, size } = this.measure();
    return digest === this.#expected.digest && size === this.#expected.size;
  }
}
