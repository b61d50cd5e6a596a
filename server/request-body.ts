import type { IncomingMessage } from 'node:http';
import { StrataError } from '../core/errors.ts';
import { ProtocolError } from '../core/protocol/protocol-error.ts';
import type { BodyBudget } from './body-budget.ts';

/** The client went away, or took too long: there is nobody to answer. */
function clientGone(): StrataError {
  return new StrataError('CLIENT_GONE', 'The client closed the connection.', { statusCode: 499 });
}

/** A body, or the promise of one, and the part of the budget that it takes until it is given back. */
export class RequestBody implements Disposable {
  readonly #budget: BodyBudget;
  readonly #maxBytes: number;
  readonly #declared: number | undefined;
  #taken = 0;

  /**
   * Takes what the client says that it will send, before anything of it is read.
   *
   * @throws ProtocolError `REQUEST_TOO_LARGE` 413
   * @throws UnavailableError `OVERLOADED`
   */
  constructor({ headers }: Pick<IncomingMessage, 'headers'>, budget: BodyBudget, maxBytes: number) {
    this.#budget = budget;
    this.#maxBytes = maxBytes;
    const length = headers['content-length'];
    this.#declared =
      length === undefined && headers['transfer-encoding'] !== undefined ? undefined : Number(length ?? 0);
    if (this.#declared !== undefined) this.#take(this.#declared);
  }

  /**
   * Reads it into memory of its own, so that its tensors can be handed to another thread without a copy. A length that
   * was not told is taken from the budget as it comes.
   *
   * @throws ProtocolError `REQUEST_TOO_LARGE` 413, at the first byte too many
   * @throws UnavailableError `OVERLOADED`
   */
  read(request: IncomingMessage): Promise<Uint8Array> {
    if (this.#declared === 0) return Promise.resolve(NOTHING);
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => {
        try {
          if (this.#declared === undefined) this.#take(chunk.length);
          chunks.push(chunk);
        } catch (error) {
          request.removeAllListeners('data');
          reject(error as Error);
        }
      });
      request.on('end', () => resolve(joined(chunks)));
      request.on('close', () => {
        if (!request.complete) reject(clientGone());
      });
      request.on('error', () => reject(clientGone()));
    });
  }

  [Symbol.dispose](): void {
    this.#budget.give(this.#taken);
    this.#taken = 0;
  }

  #take(bytes: number): void {
    if (this.#taken + bytes > this.#maxBytes) throw tooLarge(this.#maxBytes);
    this.#budget.take(bytes);
    this.#taken += bytes;
  }
}

const NOTHING = new Uint8Array(0);

/** A small body is one piece of what came in on the socket: nobody hands that over, so it may stay there. */
function joined(chunks: readonly Buffer[]): Uint8Array {
  const size = chunks.reduce((sum, { length }) => sum + length, 0);
  const [first] = chunks;
  if (chunks.length === 1 && first && size < 16_384) return first;
  const whole = Buffer.allocUnsafeSlow(size);
  let offset = 0;
  for (const chunk of chunks) offset += chunk.copy(whole, offset);
  return whole;
}

function tooLarge(maxBytes: number): ProtocolError {
  return new ProtocolError(
    'REQUEST_TOO_LARGE',
    `The request body is larger than ${maxBytes} bytes. Send fewer rows at once, or tensors as bytes instead of JSON.`,
    413,
  );
}
