import { type Agent, type IncomingMessage, request as send } from 'node:http';
import { connect } from 'node:net';
import type { FuzzReply } from '../../test/support/fuzz/laws.ts';
import type { FuzzRequest } from '../../test/support/fuzz/valid-requests.ts';

/** Until an answer, or the end of the connection, must be there. */
const PATIENCE_MS = 10_000;

/** The answer; undefined when Node's own client refuses to send such a path or header. */
export function ask(
  endpoint: string,
  agent: Agent,
  { method, path, headers, body }: FuzzRequest,
): Promise<FuzzReply | undefined> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    let sent: ReturnType<typeof send>;
    try {
      // Whole, or in chunks of lengths that differ by request.
      const isWhole = body.length % 3 > 0;
      const all = isWhole
        ? { ...headers, 'content-length': body.length }
        : { ...headers, 'transfer-encoding': 'chunked' };
      sent = send({ hostname, port, method, path, agent, headers: all });
    } catch {
      resolve(undefined);
      return;
    }
    const late = () => sent.destroy(new Error(`no answer to ${method} ${path} in time`));
    const timer = setTimeout(late, PATIENCE_MS);
    let isAnswered = false;
    sent.on('error', (error) => {
      clearTimeout(timer);
      // The server may refuse a body that it does not read; the answer is what counts.
      if (!isAnswered) reject(error);
    });
    sent.on('response', (response) => {
      isAnswered = true;
      void read(response).then((bytes) => {
        clearTimeout(timer);
        const received = response.headers as FuzzReply['headers'];
        resolve({ status: response.statusCode ?? 0, headers: received, body: bytes });
      }, reject);
    });
    const step = 1 + (body.length % 1_000);
    if ('transfer-encoding' in sent.getHeaders()) {
      for (let at = 0; at < body.length; at += step) sent.write(body.subarray(at, at + step));
      sent.end();
    } else sent.end(body);
  });
}

async function read(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The request as it goes over the wire. */
export function asBytes({ method, path, headers, body }: FuzzRequest): Buffer {
  const all = { host: 'x', ...headers, 'content-length': String(body.length), connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), body]);
}

/** Sends bytes and nothing more; what came back until the server closed the connection. */
export function say(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error('the connection was left open'));
    }, PATIENCE_MS);
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(received);
    });
    socket.on('end', () => socket.end());
    socket.end(bytes);
  });
}

/** Sends a part of a request and hangs up. */
export function hangUp(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.write(bytes, () => socket.destroy());
  });
}
