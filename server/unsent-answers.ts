import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Answers that clients have not taken yet. */
export class UnsentAnswers {
  readonly #stallMs: number;
  /** By connection, what is to be done when each is gone; clients that pipeline have several. */
  readonly #gone = new Map<Socket, Map<ServerResponse, () => void>>();
  readonly #waiting: (() => void)[] = [];

  /** @param stallMs after which a client that takes nothing is let go */
  constructor(stallMs: number) {
    this.#stallMs = stallMs;
  }

  get size(): number {
    let size = 0;
    for (const answers of this.#gone.values()) size += answers.size;
    return size;
  }

  /** Settled when there are none. */
  emptied(): Promise<void> {
    return this.#gone.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** @param onGone called once, when the client has the answer or its connection has ended */
  watch(response: ServerResponse, socket: Socket, onGone: () => void): void {
    this.#ofSocket(socket).set(response, onGone);
    // Node looks at what the system still has to send, so that a slow client is told from one that takes nothing.
    const limit = () => socket.setTimeout(this.#stallMs);
    // One behind another answer of its connection gets the socket when it is its turn.
    if (response.socket) limit();
    else response.once('socket', limit);
    // Before Node sets the time for which the idle connection is kept.
    response.prependOnceListener('finish', () => socket.setTimeout(0));
    response.once('close', () => this.#end(socket, response));
  }

  #ofSocket(socket: Socket): Map<ServerResponse, () => void> {
    const known = this.#gone.get(socket);
    if (known) return known;
    const answers = new Map<ServerResponse, () => void>();
    this.#gone.set(socket, answers);
    // Answers that wait behind another one do not hear of it themselves.
    socket.once('close', () => {
      for (const response of answers.keys()) this.#end(socket, response);
    });
    return answers;
  }

  #end(socket: Socket, response: ServerResponse): void {
    const answers = this.#gone.get(socket);
    const onGone = answers?.get(response);
    if (!answers || !onGone) return;
    answers.delete(response);
    if (answers.size === 0) this.#gone.delete(socket);
    onGone();
    if (this.#gone.size === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
