import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MODELS } from '../../../conformance/models.ts';
import { Engine } from '../../../core/engine/engine.ts';
import type { ProtocolRequest, ProtocolResponse } from '../../../core/protocol/http.ts';
import { OpenInferenceServer } from '../../../core/protocol/open-inference-server.ts';
import type { ModelVersion } from '../../../core/registry/model-version.ts';
import { storeWith, versionOf } from '../../support/models/model-versions.ts';
import { registryOf } from '../core/protocol/in-memory.ts';
import '../../support/own-temporary-folder.ts';

const MEGABYTE = 1024 * 1024;

/** Changes what comes in, what goes out, or both: a fault of a server. */
export interface Fault {
  readonly request?: (request: ProtocolRequest) => ProtocolRequest;
  readonly response?: (response: ProtocolResponse, request: ProtocolRequest) => ProtocolResponse;
}

export interface TestServer {
  readonly url: string;
  /** What is wrong with the server from now on; nothing when absent. */
  plant(fault?: Fault): void;
  stop(): Promise<void>;
}

/** The models of the suite, called `<prefix><name>`; the highest version is the champion. */
function versions(prefix: string): ModelVersion[] {
  return [...MODELS].flatMap(([model, files]) =>
    files.map((file, index) => ({ ...versionOf(file), model: prefix + model, version: String(index + 1) })),
  );
}

/** A server over HTTP on the real runtime, with the models of the suite that are not left out. */
export async function startTestServer({
  prefix = '',
  without = [],
}: {
  readonly prefix?: string;
  readonly without?: readonly string[];
} = {}): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'conformance-'));
  const files = [...new Set([...MODELS.values()].flat())];
  const protocol = new OpenInferenceServer({
    registry: registryOf(versions(prefix).filter(({ model }) => !without.includes(model))),
    runner: new Engine({
      artifacts: storeWith(...files),
      directory,
      memoryMegabytes: 1769,
      maxBytes: MEGABYTE,
    }),
    maxRequestBytes: 8 * MEGABYTE,
    maxResponseBytes: 6 * MEGABYTE,
    serverVersion: '1.2.3',
  });
  let fault: Fault = {};
  const server = createServer((incoming, outgoing) => {
    void answer(incoming, outgoing, async (request) => {
      const changed = fault.request?.(request) ?? request;
      const response = await protocol.handle(changed, { id: 'tester', scopes: ['admin'] });
      return fault.response?.(response, request) ?? response;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    plant: (next = {}) => {
      fault = next;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handle: (request: ProtocolRequest) => Promise<ProtocolResponse>,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const { status, headers, body } = await handle({
    method: incoming.method ?? 'GET',
    path: (incoming.url ?? '/').split('?')[0] ?? '/',
    headers: incoming.headers as Record<string, string>,
    body: Buffer.concat(chunks),
    requestId: randomUUID(),
  });
  outgoing.writeHead(status, headers).end(body);
}
