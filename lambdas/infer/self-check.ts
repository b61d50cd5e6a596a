import type { Principal } from '../../core/access/principal.ts';
import type { OpenInferenceServer } from '../../core/protocol/open-inference-server.ts';
import { fromProtocolResponse } from '../shared/api-event.ts';
import type { SelfCheckResult } from '../shared/self-check.ts';
import { goldenRequest, goldenServer } from './golden-server.ts';

export interface SelfCheckOptions {
  /** The server that answers callers. */
  readonly server: Pick<OpenInferenceServer, 'handle'>;
  readonly memoryMegabytes: number;
  /** Id in logs and error bodies. */
  readonly requestId: string;
}

/** Nobody asks but the release of this version. */
const RELEASE: Principal = { id: 'self-check', scopes: ['infer'] };

/** Tries what serving needs: the way to the registry, then decoding, onnxruntime and encoding. Judges nothing. */
export async function selfCheck({
  server,
  memoryMegabytes,
  requestId,
}: SelfCheckOptions): Promise<SelfCheckResult> {
  const ready = { method: 'GET', path: '/v2/health/ready', headers: {}, body: new Uint8Array(0), requestId };
  const [readiness, inference] = await Promise.all([
    server.handle(ready, RELEASE),
    goldenServer(memoryMegabytes).handle(goldenRequest(requestId), RELEASE),
  ]);
  return { readiness: fromProtocolResponse(readiness), inference: fromProtocolResponse(inference) };
}
