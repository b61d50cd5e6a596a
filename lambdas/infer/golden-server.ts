import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Engine } from '../../core/engine/engine.ts';
import { NotFoundError } from '../../core/errors.ts';
import type { ProtocolRequest } from '../../core/protocol/http.ts';
import { OpenInferenceServer } from '../../core/protocol/open-inference-server.ts';
import type { ModelVersion } from '../../core/registry/model-version.ts';
import type { RegistryReader } from '../../core/registry/registry-reader.ts';
import golden from './golden/golden.json' with { type: 'json' };

const MODEL = Buffer.from(golden.model, 'base64');
/** The bytes have the digest that is written beside them, or the engine refuses them. */
const VERSION = golden.version as ModelVersion;
const MAX_BYTES = 64 * 1024;

/** A registry that holds the golden model and no other. */
const REGISTRY: RegistryReader = {
  ping: async () => {},
  modelNames: async () => [VERSION.model],
  model: async (name) => ({
    name: known(name).model,
    createdAt: VERSION.createdAt,
    versions: [VERSION],
    aliases: { champion: VERSION.version },
  }),
  resolve: async (name) => known(name),
};

function known(name: string): ModelVersion {
  if (name === VERSION.model) return VERSION;
  throw new NotFoundError('MODEL_NOT_FOUND', `There is no model "${name}" but "${VERSION.model}".`);
}

/** The protocol and the engine as they serve, over the golden model that is shipped with the function. */
export function goldenServer(memoryMegabytes: number): OpenInferenceServer {
  return new OpenInferenceServer({
    serverVersion: 'self-check',
    registry: REGISTRY,
    runner: new Engine({
      artifacts: { open: async () => Readable.from([MODEL]) },
      directory: join(tmpdir(), 'self-check'),
      memoryMegabytes,
      maxBytes: MAX_BYTES,
    }),
    maxRequestBytes: MAX_BYTES,
    maxResponseBytes: MAX_BYTES,
  });
}

/** An inference with tensors in JSON and in bytes, of numbers and of text. */
export function goldenRequest(requestId: string): ProtocolRequest {
  const document = Buffer.from(JSON.stringify(golden.request));
  return {
    method: 'POST',
    path: `/v2/models/${VERSION.model}/infer`,
    headers: { 'inference-header-content-length': String(document.length) },
    body: Buffer.concat([document, Buffer.from(golden.binary, 'base64')]),
    requestId,
  };
}
