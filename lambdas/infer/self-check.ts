import type { Principal } from '../../core/access/principal.ts';
import { errorResponse } from '../../core/protocol/error-response.ts';
import type { OpenInferenceServer } from '../../core/protocol/open-inference-server.ts';
import { fromProtocolResponse } from '../shared/api-event.ts';
import type { SelfCheckResult } from '../shared/self-check.ts';
import { goldenRequest, goldenServer } from './golden-server.ts';
import type { InferPorts } from './inference-server.ts';
import { checkStorage } from './storage-check.ts';

export interface SelfCheckOptions {
  /** The server that answers callers. */
  readonly server: Pick<OpenInferenceServer, 'handle'>;
  /** Where it finds what it serves. */
  readonly ports: Pick<InferPorts, 'registry' | 'artifacts' | 'exchange'>;
  readonly memoryMegabytes: number;
  /** Id in logs and error bodies. */
  readonly requestId: string;
}

/** Nobody asks but the release of this version. */
const RELEASE: Principal = { id: 'self-check', scopes: ['infer'] };

/**
 * Tries what serving needs: the way to the registry, the access rules, the model files and the exchange, then decoding,
 * onnxruntime and encoding. Judges nothing.
 */
export async function selfCheck({
  server,
  ports,
  memoryMegabytes,
  requestId,
}: SelfCheckOptions): Promise<SelfCheckResult> {
  const [readiness, storage, inference] = await Promise.all([
    server.handle(
      { method: 'GET', path: '/v2/health/ready', headers: {}, body: new Uint8Array(0), requestId },
      RELEASE,
    ),
    checkStorage(ports).then(
      () => undefined,
      (error: unknown) => errorResponse(error, requestId),
    ),
    goldenServer(memoryMegabytes).handle(goldenRequest(requestId), RELEASE),
  ]);
  return {
    readiness: fromProtocolResponse(readiness.status === 200 ? (storage ?? readiness) : readiness),
    inference: fromProtocolResponse(inference),
  };
}
