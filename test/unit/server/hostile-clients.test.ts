import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ProtocolRequest, ProtocolResponse } from '../../../core/protocol/http.ts';
import { openAccess } from '../../../server/access.ts';
import { DEFAULT_LIMITS, type HttpLimits } from '../../../server/http-limits.ts';
import { HttpServer } from '../../../server/http-server.ts';

const MB = 2 ** 20;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const answered = (body: Uint8Array): ProtocolResponse => ({ status: 200, headers: {}, body });
/** As many bytes as the path says, or the number of those that came. */
const sized = async ({ path, body }: ProtocolRequest) =>
  answered(path === '/' ? Buffer.from(`got ${body.length}`) : Buffer.alloc(Number(path.slice(1)), 'z'));

async function listening(limits: Partial<HttpLimits> = {}, answer = sized) {
  const http = new HttpServer({
    limits: { ...DEFAULT_LIMITS, ...limits },
    access: openAccess,
    open: () => undefined,
    answer,
  });
  await http.listen(0, '127.0.0.1');
  cleanups.push(() => http.drain(0));
  const { port } = http.server.address() as { port: number };
  return { http, port, url: `http://127.0.0.1:${port}` };
}

/** A client that reads nothing until it is told to. */
async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.pause().on('error', () => {});
  await once(socket, 'connect');
  cleanups.push(() => socket.destroy());
  return socket;
}

async function received(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;

describe('clients that only say that they will send', () => {
  it('take nothing from others, however much they say', async () => {
    const { http, port, url } = await listening();
    for (let i = 0; i < 8; i++) {
      const socket = await connected(port);
      socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${64 * MB}\r\n\r\n`);
    }
    await vi.waitFor(() => expect(http.inFlight).toBe(8));
    const answer = await fetch(url, { method: 'POST', body: Buffer.alloc(MB) });
    expect(await answer.text()).toBe(`got ${MB}`);
  });

  it('and that send much leave room for small bodies', async () => {
    const { http, port, url } = await listening({ maxHeldBytes: 8 * MB, maxConnections: 100 });
    for (let i = 0; i < 7; i++) {
      const socket = await connected(port);
      socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${MB}\r\n\r\n`);
      socket.write(Buffer.alloc(MB - 1));
    }
    await vi.waitFor(() => expect(http.heldBytes).toBe(7 * MB));
    const send = (bytes: number) => fetch(url, { method: 'POST', body: Buffer.alloc(bytes) });
    expect((await send(100_000)).status).toBe(503);
    const small = await Promise.all(Array.from({ length: 50 }, () => send(10_000)));
    expect(new Set(small.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

describe('a body in chunks of one byte', () => {
  const CHUNKS = 200_000;
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const memory = () => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };

  it('takes about the memory that is counted, and arrives whole', async () => {
    let body: Uint8Array = new Uint8Array(0);
    const { http, port } = await listening({}, async (request) => {
      body = request.body;
      return answered(Buffer.from('ok'));
    });
    const letters = Array.from({ length: CHUNKS }, (_, i) => String.fromCharCode(97 + (i % 26)));
    const chunks = letters.map((letter) => `1\r\n${letter}\r\n`).join('');
    const expected = letters.join('');
    const socket = await connected(port);
    const before = memory();
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`);
    await vi.waitFor(() => expect(http.heldBytes).toBeGreaterThanOrEqual(CHUNKS), { timeout: 20_000 });
    expect(http.heldBytes).toBeLessThanOrEqual(4 * CHUNKS);
    expect(memory() - before).toBeLessThan(40 * CHUNKS);
    socket.write('0\r\n\r\n');
    await vi.waitFor(() => expect(body.length).toBe(CHUNKS));
    expect(Buffer.from(body).toString()).toBe(expected);
    await vi.waitFor(() => expect([http.heldBytes, http.inFlight]).toEqual([0, 0]));
  });
});

describe('a client that does not read its answer', () => {
  it('is let go, and gives back what the answer took', async () => {
    const { http, port } = await listening({ answerTimeoutMs: 100 });
    const socket = await connected(port);
    socket.write(get(`/${32 * MB}`));
    await vi.waitFor(() => expect([http.heldBytes, http.inFlight]).toEqual([32 * MB, 1]));
    await vi.waitFor(() => expect([http.heldBytes, http.inFlight]).toEqual([0, 0]), { timeout: 10_000 });
    expect((await received(socket).catch(() => '')).length).toBeLessThan(32 * MB);
  });

  it('with others like it, is refused what there is no room for, and not what is small', async () => {
    const { http, port, url } = await listening({ maxHeldBytes: 64 * MB });
    for (let i = 0; i < 2; i++) (await connected(port)).write(get(`/${28 * MB}`));
    await vi.waitFor(() => expect(http.heldBytes).toBe(56 * MB));
    const refused = await fetch(`${url}/${28 * MB}`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await (await fetch(`${url}/100`)).text()).toBe('z'.repeat(100));
  });

  it('and hangs up leaves nothing behind, nor do the answers behind that one', async () => {
    const { http, port } = await listening();
    const socket = await connected(port);
    socket.write(get(`/${32 * MB}`) + get('/100000') + get('/200000'));
    await vi.waitFor(() => expect(http.inFlight).toBe(3));
    socket.destroy();
    await vi.waitFor(() => expect([http.heldBytes, http.inFlight]).toEqual([0, 0]));
  });

  it('for a while has it whole when it does, though the server is told to end meanwhile', async () => {
    const { http, port } = await listening();
    const socket = await connected(port);
    socket.write(get(`/${32 * MB}`));
    await vi.waitFor(() => expect(http.inFlight).toBe(1));
    const drained = http.drain(3_600_000);
    const [, body] = (await received(socket)).split('\r\n\r\n');
    expect(body?.length).toBe(32 * MB);
    await drained;
    expect(http.heldBytes).toBe(0);
  });

  it('keeps its connection when it reads on, also behind an answer that takes its time', async () => {
    const limits = { answerTimeoutMs: 50 };
    const { port } = await listening(limits, async (request) => {
      if (request.path === '/late') await sleep(300);
      return await sized({ ...request, path: request.path === '/late' ? '/1' : request.path });
    });
    const socket = await connected(port);
    socket.write(get('/late') + get('/100000').replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'));
    expect((await received(socket)).endsWith('z'.repeat(100_000))).toBe(true);
  });
});

describe('a refusal before the body was read', () => {
  it('says that the connection ends, and ends it after what the client sends', async () => {
    const { port } = await listening({ maxRequestBytes: 1_000 });
    const socket = await connected(port);
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2000\r\n\r\n');
    const all = received(socket);
    socket.write('x'.repeat(2000));
    expect(await all).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close\r\n[\s\S]*REQUEST_TOO_LARGE/i);
  });

  it.each(['/', '/5'])('of an expectation that cannot be met is in words (%s)', async (path) => {
    const { port } = await listening();
    const socket = await connected(port);
    socket.end(`GET ${path} HTTP/1.1\r\nhost: x\r\nexpect: foo\r\n\r\n`);
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 417 [\s\S]*"error_code":"EXPECTATION_FAILED"/);
  });
});
