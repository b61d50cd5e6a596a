import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { UnavailableError } from '../../../core/errors.ts';
import { errorResponse } from '../../../core/protocol/error-response.ts';
import type { ProtocolRequest, ProtocolResponse } from '../../../core/protocol/http.ts';
import { openAccess } from '../../../server/access.ts';
import { DEFAULT_LIMITS, type HttpLimits } from '../../../server/http-limits.ts';
import { HttpServer } from '../../../server/http-server.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

const text = (body: string): ProtocolResponse => ({ status: 200, headers: {}, body: Buffer.from(body) });
const echo = async ({ method, path, body }: ProtocolRequest) => text(`${method} ${path} ${body.length}`);

async function listening(
  answer: (request: ProtocolRequest) => Promise<ProtocolResponse> = echo,
  limits: Partial<HttpLimits> = {},
) {
  const http = new HttpServer({
    limits: { ...DEFAULT_LIMITS, ...limits },
    access: openAccess,
    open: () => undefined,
    answer: (request) => answer(request).catch((error) => errorResponse(error, request.requestId)),
  });
  await http.listen(0, '127.0.0.1');
  cleanups.push(() => http.drain(0));
  const { port } = http.server.address() as { port: number };
  return { http, port, url: `http://127.0.0.1:${port}` };
}

/** A client that says exactly what it is told to. */
async function connected(port: number) {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk) => (received += chunk));
  socket.on('error', () => {});
  return { socket, received: () => received, ended: () => once(socket, 'close') };
}

/** Settled once the text was received. */
async function until(received: () => string, part: string | RegExp): Promise<void> {
  for (let i = 0; i < 500 && !received().match(part); i++) await sleep(10);
  expect(received()).toMatch(part);
}

describe('a client that is slow', () => {
  it('with its headers is answered 408 and let go', async () => {
    const { port } = await listening(echo, { headersTimeoutMs: 200, requestTimeoutMs: 400 });
    const { socket, received, ended } = await connected(port);
    const dripping = drip(
      socket,
      'GET / HTTP/1.1\r\nhost: x\r\nx-slow: 1234567890123456789012345678901234567890',
    );
    await ended();
    clearInterval(dripping);
    expect(received()).toMatch(/^HTTP\/1\.1 408 /);
    expect(received()).toContain('"error_code":"REQUEST_TIMEOUT"');
  });

  it('with its body, a byte at a time, is let go, and gives back what was held for it', async () => {
    const limits = {
      headersTimeoutMs: 200,
      requestTimeoutMs: 400,
      maxHeldBytes: 1_500,
      maxRequestBytes: 1_000,
    };
    const { http, port, url } = await listening(echo, limits);
    const { socket, ended } = await connected(port);
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n${'x'.repeat(900)}`);
    const dripping = drip(socket, 'x'.repeat(99));
    await vi.waitFor(() => expect(http.heldBytes).toBeGreaterThan(0));
    const meanwhile = await fetch(url, { method: 'POST', body: 'y'.repeat(1000) });
    expect([meanwhile.status, meanwhile.headers.get('retry-after')]).toEqual([503, '1']);
    await ended();
    clearInterval(dripping);
    const afterwards = await fetch(url, { method: 'POST', body: 'y'.repeat(1000) });
    expect(await afterwards.text()).toBe('POST / 1000');
  });
});

function drip(socket: Socket, bytes: string): NodeJS.Timeout {
  let position = 0;
  return setInterval(() => {
    if (position < bytes.length && socket.writable) socket.write(bytes.slice(position, position + 1));
    position += 1;
  }, 30);
}

describe('a client that pipelines', () => {
  it('gets its answers in the order of its requests', async () => {
    const { port } = await listening(async ({ path }) => {
      await sleep(path === '/1' ? 50 : 0);
      return text(path);
    });
    const { socket, received } = await connected(port);
    socket.write([1, 2, 3].map((n) => `GET /${n} HTTP/1.1\r\nhost: x\r\n\r\n`).join(''));
    await until(received, '/3');
    expect([...received().matchAll(/\n\r\n(\/\d)/g)].map(([, path]) => path)).toEqual(['/1', '/2', '/3']);
  });
});

describe('a client that hangs up', () => {
  it('is noticed by what works for it, and leaves nothing behind', async () => {
    let caller: ProtocolRequest['caller'];
    const { http, port } = await listening(async (request) => {
      caller = request.caller;
      while (!caller?.aborted) await sleep(5);
      return text('late');
    });
    const { socket } = await connected(port);
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    for (let i = 0; i < 100 && !caller; i++) await sleep(5);
    expect(caller?.aborted).toBe(false);
    socket.destroy();
    for (let i = 0; i < 100 && http.inFlight > 0; i++) await sleep(5);
    expect([caller?.aborted, http.inFlight]).toEqual([true, 0]);
  });

  it('in the middle of its body is no failure of ours', async () => {
    const { http, port, url } = await listening();
    const { socket } = await connected(port);
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf');
    await vi.waitFor(() => expect(http.heldBytes).toBe(4));
    socket.destroy();
    for (let i = 0; i < 100 && http.inFlight > 0; i++) await sleep(5);
    expect([http.inFlight, http.heldBytes]).toEqual([0, 0]);
    expect((await fetch(url)).status).toBe(200);
  });
});

describe('a body', () => {
  it('of unknown length is held as it comes: many small ones are no overload', async () => {
    const { url } = await listening(echo, { maxRequestBytes: 1_000, maxHeldBytes: 1_000 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        fetch(url, {
          method: 'POST',
          body: new Blob(['x'.repeat(20)]).stream(),
          duplex: 'half',
        } as RequestInit),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it.each(['declared', 'chunked'])(
    'that is too large (%s) is answered 413, and the next request is answered',
    async (how) => {
      const { url } = await listening(echo, { maxRequestBytes: 1_000 });
      const send = (size: number) =>
        fetch(url, {
          method: 'POST',
          body: how === 'declared' ? 'x'.repeat(size) : new Blob(['x'.repeat(size)]).stream(),
          duplex: 'half',
        } as RequestInit);
      const refused = await send(100_000);
      expect(refused.status).toBe(413);
      expect(await refused.json()).toMatchObject({ error_code: 'REQUEST_TOO_LARGE' });
      expect(await (await send(1_000)).text()).toBe('POST / 1000');
    },
  );

  it('that waits to be asked for is asked for when it is welcome, and not when it is too large', async () => {
    const { port } = await listening(echo, { maxRequestBytes: 10 });
    const { socket, received } = await connected(port);
    const head = (length: number) =>
      `POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`;
    socket.write(head(3));
    await until(received, '100 Continue');
    socket.write('abc');
    await until(received, 'POST / 3');
    const other = await connected(port);
    other.socket.write(head(11));
    await until(other.received, 'REQUEST_TOO_LARGE');
    expect(other.received()).not.toContain('100 Continue');
    other.socket.destroy();
    socket.destroy();
  });
});

describe('what is no HTTP', () => {
  it.each([
    ['nonsense', 'hello\r\n\r\n', 400, 'MALFORMED_HTTP'],
    ['headers without end', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}`, 431, 'HEADERS_TOO_LARGE'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
      'MALFORMED_HTTP',
    ],
    [
      'a length and chunks, as smugglers send',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'MALFORMED_HTTP',
    ],
  ])('(%s) gets an error in words and the end of its connection', async (_what, bytes, status, code) => {
    const { port } = await listening();
    const { socket, received, ended } = await connected(port);
    socket.write(bytes);
    await ended();
    expect(received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(received()).toContain(`"error_code":"${code}"`);
  });
});

describe('a server that is overloaded', () => {
  it('says when to come back', async () => {
    const { url } = await listening(async () => {
      throw new UnavailableError('OVERLOADED', 'Too much.');
    });
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
  });

  it('keeps no more connections than it may', async () => {
    const { port } = await listening(echo, { maxConnections: 2 });
    const [first, second] = [await connected(port), await connected(port)];
    const third = await connected(port);
    await third.ended();
    expect([first, second].map(({ socket }) => socket.readyState)).toEqual(['open', 'open']);
    first.socket.destroy();
    second.socket.destroy();
  });
});

describe('a server that is told to end', () => {
  it('answers what it has, tells clients to go elsewhere, and takes no more', async () => {
    let go = () => {};
    const { http, url } = await listening(async () => {
      await new Promise<void>((resolve) => (go = resolve));
      return text('done');
    });
    const answer = fetch(url);
    for (let i = 0; i < 100 && http.inFlight === 0; i++) await sleep(5);
    const drained = http.drain(5_000);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    go();
    const { headers, status } = await answer;
    expect([status, headers.get('connection')]).toEqual([200, 'close']);
    await drained;
  });

  it('cuts off what does not end in time', async () => {
    const { http, url } = await listening(() => new Promise(() => {}));
    const answer = fetch(url).catch(() => 'cut off');
    for (let i = 0; i < 100 && http.inFlight === 0; i++) await sleep(5);
    await http.drain(50);
    expect(await answer).toBe('cut off');
  });

  it('does not wait for connections on which nothing is asked', async () => {
    const { http, port } = await listening();
    const { socket, received } = await connected(port);
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await until(received, 'GET / 0');
    // Waiting for the grace period would take longer than a test may.
    await http.drain(3_600_000);
    expect(http.inFlight).toBe(0);
  });
});
