import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { httpCall } from '../../../conformance/http-call.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok';

describe('a call', () => {
  let server: Server;
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server.close();
  });

  /** @param onRequest told which request of its connection it is, from 1 */
  async function listen(onRequest: (socket: Socket, count: number) => void): Promise<string> {
    server = createServer((socket) => {
      sockets.push(socket);
      let count = 0;
      socket.on('data', () => onRequest(socket, ++count));
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  }

  it('uses a new connection when the server closes the one that it kept', async () => {
    const url = await listen((socket, count) => (count === 1 ? socket.write(ANSWER) : socket.destroy()));
    const call = httpCall(url);
    for (let i = 0; i < 3; i++) expect((await call('GET', '/v2')).status).toBe(200);
    expect(sockets.length).toBeGreaterThan(1);
  });

  it('does not ask again when a new connection is closed without an answer', async () => {
    const url = await listen((socket) => socket.destroy());
    await expect(httpCall(url)('GET', '/v2')).rejects.toThrow(/hang up|ECONNRESET/);
    expect(sockets).toHaveLength(1);
  });

  it('gives up when the answer does not come in time', async () => {
    const url = await listen(() => {});
    await expect(httpCall(url, {}, 50)('GET', '/v2')).rejects.toThrow(/timeout|abort/i);
  });
});
