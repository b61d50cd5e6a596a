import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import type { Call, Reply } from './check.ts';

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
  const request = endpoint.startsWith('https:') ? secure : plain;
  return (method, path, message = {}) =>
    new Promise<Reply>((resolve, reject) => {
      const body = message.body === undefined ? undefined : Buffer.from(message.body as Uint8Array);
      const sent = request(endpoint + path, {
        method,
        headers: { ...headers, ...message.headers, ...(body && { 'content-length': body.length }) },
        signal: timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs),
      });
      sent.on('error', reject);
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
