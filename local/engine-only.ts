import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import getPort from 'get-port';
import { Engine } from '../core/engine/engine.ts';
import { describeModel } from '../core/onnx/describe-model.ts';
import { OpenInferenceServer } from '../core/protocol/open-inference-server.ts';
import { readModelFile } from '../core/registry/model-file.ts';
import type { ModelVersion } from '../core/registry/model-version.ts';
import { singleVersionRegistry } from '../core/registry/single-version.ts';
import { SCOPES } from '../lib/contracts/access.ts';
import project from '../package.json' with { type: 'json' };
import { DEMO_FILE, DEMO_MODEL } from './demo-model.ts';
import { createRunDirectory } from './run-directory.ts';

/** The same as behind the gateway, so that a client sees the same limits. */
const MAX_BYTES = 6 * 1024 * 1024;

export interface EngineOnly {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Serves the demo model without AWS: the protocol and the engine in this process, on a free loopback port. There is no
 * registry, no gateway and nobody who asks for tokens.
 */
export async function serveEngineOnly(): Promise<EngineOnly> {
  const run = await createRunDirectory('engine');
  const { artifact, bytes } = await readModelFile(DEMO_FILE);
  const version: ModelVersion = {
    model: DEMO_MODEL,
    version: '1',
    status: 'READY',
    artifact,
    description: describeModel(bytes),
    createdAt: new Date().toISOString(),
  };
  const protocol = new OpenInferenceServer({
    registry: singleVersionRegistry(version),
    runner: new Engine({
      artifacts: { open: async () => createReadStream(DEMO_FILE) },
      directory: join(run.path, 'models'),
      maxBytes: MAX_BYTES,
    }),
    maxRequestBytes: MAX_BYTES,
    maxResponseBytes: MAX_BYTES,
    serverVersion: project.version,
    now: () => performance.now(),
    newId: randomUUID,
    onInternalError: (error) => console.error(error),
  });
  const server = createServer((request, response) => {
    answer(protocol, request, response).catch(() => response.destroy());
  });
  const port = await getPort({ host: '127.0.0.1' });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await run.remove();
    },
  };
}

async function answer(protocol: OpenInferenceServer, request: IncomingMessage, response: ServerResponse) {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // One byte over the limit is enough for the protocol to refuse; the rest is not kept.
    if (size <= MAX_BYTES + chunk.length) chunks.push(chunk);
  }
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const { status, headers, body } = await protocol.handle(
    {
      method: request.method ?? 'GET',
      path: pathname,
      headers: Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(', ') : value,
        ]),
      ),
      body: Buffer.concat(chunks),
      requestId: randomUUID(),
    },
    { id: 'local', scopes: [...SCOPES] },
  );
  response.writeHead(status, headers).end(body);
}
