import type { Principal } from '../access/principal.ts';
import type { ModelRunner } from '../engine/model-runner.ts';
import type { RegistryReader } from '../registry/registry-reader.ts';
import type { ProtocolRequest, ProtocolResponse } from './http.ts';

export interface OpenInferenceServerOptions {
  readonly registry: RegistryReader;
  readonly runner: ModelRunner;
  /** Largest request body, after decompression, in bytes. */
  readonly maxRequestBytes: number;
  /** Largest response body in bytes. */
  readonly maxResponseBytes: number;
}

/** Answers requests of the Open Inference Protocol (V2) over any transport. Never throws. */
export class OpenInferenceServer {
  constructor(private readonly options: OpenInferenceServerOptions) {}

  async handle(_request: ProtocolRequest, _principal: Principal): Promise<ProtocolResponse> {
    throw new Error(`not written yet: ${this.options.maxRequestBytes}`);
  }
}
