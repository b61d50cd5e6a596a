import type { IncomingMessage } from 'node:http';
import { StrataError } from '../core/errors.ts';
import { ProtocolError } from '../core/protocol/protocol-error.ts';
import type { BodyBudget } from './body-budget.ts';

/** The client went away, or took too long: there is nobody to answer. */
function clientGone(): StrataError {
  return new StrataError('CLIENT_GONE', 'The client closed the connection.', { statusCode: 499 });
}

/** What is held of a body may grow to so many times what came, so that it is seldom copied as it grows. */
const GROWTH = 4;

/** A body that came in one piece stays where it came in when it is smaller: nobody hands it to another thread. */
const SMALL = 16_384;

const NOTHING = new Uint8Array(0);

/** A body, and the part of the budget that it takes until it is given back. */
export class RequestBody implements Disposable {
  readonly #budget: BodyBudget;
  readonly #maxBytes: number;
  readonly #declared: number | undefined;
  #taken = 0;
  /** What came, and behind it room for more. */
  #bytes: Uint8Array = NOTHING;
  #size = 0;

  /** @throws ProtocolError `REQUEST_TOO_LARGE` 413 when the client says that it will send too much */
  constructor({ headers }: Pick<IncomingMessage, 'headers'>, budget: BodyBudget, maxBytes: number) {
    this.#budget = budget;
    this.#maxBytes = maxBytes;
    const length = headers['content-length'];
    this.#declared =
      length === undefined && headers['transfer-encoding'] !== undefined ? undefined : Number(length ?? 0);
    if (this.#declared !== undefined && this.#declared > maxBytes) throw tooLarge(maxBytes);
  }

  /**
   * Reads it into memory of its own, so that its tensors can be handed to another thread without a copy. Memory is taken
   * as bytes come: who only says that much will come, or sends it byte by byte, takes nothing from others.
   *
   * @throws ProtocolError `REQUEST_TOO_LARGE` 413, at the first byte too many
   * @throws UnavailableError `OVERLOADED`
   */
  read(request: IncomingMessage): Promise<Uint8Array> {
    if (this.#declared === 0) return Promise.resolve(NOTHING);
    return new Promise((resolve, reject) => {
      const onEnd = () => resolve(this.#whole());
      const onData = (chunk: Buffer) => {
        try {
          this.#append(chunk);
        } catch (error) {
          request.off('data', onData).off('end', onEnd);
          reject(error as Error);
        }
      };
      request.on('data', onData);
      request.on('end', onEnd);
      request.on('close', () => {
        if (!request.complete) reject(clientGone());
      });
      request.on('error', () => reject(clientGone()));
    });
  }

  /** Takes more of the budget, for what is made of the body, until all is given back. @throws UnavailableError `OVERLOADED` */
  take(bytes: number): void {
    this.#budget.take(bytes, this.#taken);
    this.#taken += bytes;
  }

  [Symbol.dispose](): void {
    this.#budget.give(this.#taken);
    this.#taken = 0;
    this.#bytes = NOTHING;
  }

  #append(chunk: Uint8Array): void {
    const size = this.#size + chunk.length;
    if (size > this.#maxBytes) throw tooLarge(this.#maxBytes);
    if (this.#size === 0) {
      this.take(chunk.length);
      this.#bytes = chunk;
    } else {
      if (size > this.#bytes.length) this.#growTo(size);
      this.#bytes.set(chunk, this.#size);
    }
    this.#size = size;
  }

  #growTo(size: number): void {
    const capacity = Math.max(size, Math.min(GROWTH * size, this.#declared ?? this.#maxBytes));
    this.take(capacity - this.#taken);
    const larger = Buffer.allocUnsafeSlow(capacity);
    larger.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = larger;
  }

  #whole(): Uint8Array {
    const size = this.#size;
    const isWhole = this.#bytes.length === size;
    if (isWhole && (size < SMALL || this.#bytes.byteLength === this.#bytes.buffer.byteLength))
      return this.#bytes;
    const whole = Buffer.allocUnsafeSlow(size);
    whole.set(this.#bytes.subarray(0, size));
    this.#bytes = NOTHING;
    this.#budget.give(this.#taken - size);
    this.#taken = size;
    return whole;
  }
}

function tooLarge(maxBytes: number): ProtocolError {
  return new ProtocolError(
    'REQUEST_TOO_LARGE',
    `The request body is larger than ${maxBytes} bytes. Send fewer rows at once, or tensors as bytes instead of JSON.`,
    413,
  );
}
