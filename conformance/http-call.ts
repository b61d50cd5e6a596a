import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import type { Call, Message, Reply } from './check.ts';

/** A connection that was kept open, and that the server closed at the moment at which it was used again. */
class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';
}

/**
 * Calls a server of the protocol. Sends nothing but what it is given, no `Accept` and no `Content-Type` of its own:
 * so do the clients of the protocol, and gateways have been seen to garble bytes because of it.
 *
 * @param endpoint base URL, stage included, without a trailing slash
 * @param headers sent with every request; those of a request win
 * @param timeoutMs until the answer is complete; forever unless given
 */
export function httpCall(
  endpoint: string,
  headers: Readonly<Record<string, string>> = {},
  timeoutMs?: number,
): Call {
  return async (method, path, message = {}) => {
    const request = { url: endpoint + path, method, headers: { ...headers, ...message.headers }, timeoutMs };
    try {
      return await send(request, message.body, true);
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error;
      // Nobody is to blame: servers close idle connections. A new one shows whether the request is answered.
      return await send(request, message.body, false);
    }
  };
}

interface Outgoing {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number | undefined;
}

function send(
  { url, method, headers, timeoutMs }: Outgoing,
  content: Message['body'],
  mayReuse: boolean,
): Promise<Reply> {
  const body = content === undefined ? undefined : Buffer.from(content as Uint8Array);
  return new Promise<Reply>((resolve, reject) => {
    const sent = (url.startsWith('https:') ? secure : plain)(url, {
      method,
      headers: { ...headers, ...(body && { 'content-length': body.length }) },
      ...(!mayReuse && { agent: false }),
      signal: timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs),
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(isStale && mayReuse ? new StaleConnectionError() : error);
    });
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const received = new Headers();
        for (const [name, value] of Object.entries(response.headers)) received.set(name, String(value));
        resolve({ status: response.statusCode ?? 0, headers: received, bytes: Buffer.concat(chunks) });
      });
    });
    sent.end(body);
  });
}
