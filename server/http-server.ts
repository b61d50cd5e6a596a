import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { Principal } from '../core/access/principal.ts';
import type { Caller } from '../core/engine/model-runner.ts';
import { errorResponse } from '../core/protocol/error-response.ts';
import type { ProtocolRequest, ProtocolResponse } from '../core/protocol/http.ts';
import { ProtocolError } from '../core/protocol/protocol-error.ts';
import type { Access } from './access.ts';
import { BodyBudget } from './body-budget.ts';
import { Generation } from './generation.ts';
import type { HttpLimits } from './http-limits.ts';
import { RequestBody } from './request-body.ts';
import { UnsentAnswers } from './unsent-answers.ts';

export interface HttpServerOptions {
  readonly limits: HttpLimits;
  readonly access: Access;
  /** Answers requests whose path needs no token, for example whether the server is alive; undefined: it does. */
  readonly open: (method: string, path: string) => ProtocolResponse | undefined;
  readonly answer: (request: ProtocolRequest, principal: Principal) => Promise<ProtocolResponse>;
  /** Each answer, when it goes out. */
  readonly onAnswer?: (response: ProtocolResponse) => void;
}

/** What is left of a body that is not read is thrown away for so long; then the connection is cut. */
const DISCARD_MS = 5_000;

/** The protocol over HTTP/1.1. Keeps to its limits whatever clients do. */
export class HttpServer {
  readonly server: Server;
  readonly #options: HttpServerOptions;
  /** Requests under way, by when they came. */
  #generation = new Generation();
  readonly #former = new Set<Generation>();
  readonly #budget: BodyBudget;
  readonly #unsent: UnsentAnswers;
  #isDraining = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs, maxConnections } = options.limits;
    this.#budget = new BodyBudget(options.limits.maxHeldBytes, maxConnections);
    this.#unsent = new UnsentAnswers(options.limits.answerTimeoutMs);
    this.server = createServer({
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs / 2),
    });
    this.server.maxConnections = maxConnections;
    this.server.on('request', (request, response) => void this.#serve(request, response, false));
    this.server.on('checkContinue', (request, response) => void this.#serve(request, response, true));
    this.server.on('checkExpectation', (request, response) => this.#refuseExpectation(request, response));
    this.server.on('clientError', refuseBrokenRequest);
  }

  /** Requests that are being answered, until their clients have the answers. */
  get inFlight(): number {
    const unanswered = [this.#generation, ...this.#former].reduce((sum, { size }) => sum + size, 0);
    return unanswered + this.#unsent.size;
  }

  /** Bytes of bodies that are held now. */
  get heldBytes(): number {
    return this.#budget.held;
  }

  /** Settled when every request that is under way now has been answered. */
  async settled(): Promise<void> {
    const sealed = this.#generation;
    this.#generation = new Generation();
    this.#former.add(sealed);
    await Promise.all([...this.#former].map((generation) => generation.ended()));
    this.#former.delete(sealed);
  }

  listen(port: number, host: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
  }

  /** Stops accepting, and ends once all that came has been answered, or after the grace period. */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true;
    // An HTTP server that closes takes connections for idle whose answer is still on its way, and cuts it off.
    const closed = new Promise<void>((resolve) => {
      NetServer.prototype.close.call(this.server, () => resolve());
    });
    const timer = setTimeout(() => this.server.closeAllConnections(), graceMs);
    await this.#unsent.emptied();
    this.server.closeIdleConnections();
    await closed;
    clearTimeout(timer);
    this.server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const query = url.indexOf('?');
    const path = query < 0 ? url : url.slice(0, query);
    const requestId = idOf(request);
    const open = this.#options.open(method, path);
    if (open) return this.#send(request, response, requestId, open);
    const generation = this.#generation;
    generation.enter();
    try {
      const principal = await this.#options.access(request);
      using held = new RequestBody(request, this.#budget, this.#options.limits.maxRequestBytes);
      if (expectsContinue) response.writeContinue();
      const body = await held.read(request);
      const headers = request.headers as Readonly<Record<string, string | undefined>>;
      const caller = new ResponseCaller(response);
      const asked = { method, path, headers, body, requestId, caller, memory: held };
      const answer = await this.#options.answer(asked, principal);
      // Nothing of the request is needed any longer, and the answer may need the room.
      held[Symbol.dispose]();
      this.#send(request, response, requestId, answer);
    } catch (error) {
      this.#send(request, response, requestId, errorResponse(error, requestId));
    } finally {
      generation.leave();
    }
  }

  #refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
    const message =
      'Of expectations only 100-continue can be met. Send the request without the header "Expect".';
    const requestId = idOf(request);
    const refusal = errorResponse(new ProtocolError('EXPECTATION_FAILED', message, 417), requestId);
    this.#send(request, response, requestId, refusal);
  }

  #send(
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
    answer: ProtocolResponse,
  ): void {
    const { socket } = request;
    const { status, body } = answer;
    const taken = body.length > ONE_WRITE ? body.length : 0;
    if (taken > 0) this.#budget.take(taken);
    this.#options.onAnswer?.(answer);
    if (response.destroyed || socket.destroyed) {
      this.#budget.give(taken);
      return;
    }
    const isUnread = !request.complete;
    const headers = ['content-length', String(body.length), 'x-request-id', requestId];
    for (const name in answer.headers) headers.push(name, answer.headers[name] ?? '');
    if (this.#isDraining || isUnread) headers.push('connection', 'close');
    response.writeHead(status, headers);
    if (isUnread) endAfterRest(request, response, body);
    else if (request.method === 'HEAD') response.end();
    // A text goes out together with the headers, in one write; bytes would go beside them.
    else if (taken === 0) response.end(latin1(body), 'latin1');
    else response.end(body);
    if (response.writableLength > 0) this.#unsent.watch(response, socket, () => this.#budget.give(taken));
    else this.#budget.give(taken);
  }
}

/** Largest body that is copied, to go out together with its headers. */
const ONE_WRITE = 16 * 1024;

/** A text of which each letter stands for one byte. */
function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

/** Whoever waits for a response: asked only when a request queued, which costs less than to be told. */
class ResponseCaller implements Caller {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get aborted(): boolean {
    return this.#response.destroyed && !this.#response.writableFinished;
  }
}

/** Ending a connection under a client that still sends would take the answer from it: it is ended after what it sends. */
function endAfterRest(request: IncomingMessage, response: ServerResponse, body: Uint8Array): void {
  if (request.method === 'HEAD') response.flushHeaders();
  else response.write(body);
  const timer = setTimeout(() => request.destroy(), DISCARD_MS);
  request.once('end', () => response.end());
  request.once('close', () => clearTimeout(timer));
  request.resume();
}

/** The caller's id where it is one that can stand in a log. */
function idOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
}

const BROKEN: Readonly<Record<string, readonly [status: string, code: string, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'REQUEST_TIMEOUT', 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'HEADERS_TOO_LARGE',
    'The headers are too large.',
  ],
};

/** What is no HTTP gets the error body of everybody else, and the end of the connection. */
function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, code, message] = BROKEN[error.code ?? ''] ?? [
    '400 Bad Request',
    'MALFORMED_HTTP',
    'The request is not valid HTTP/1.1.',
  ];
  const body = JSON.stringify({ error: message, error_code: code, message });
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
