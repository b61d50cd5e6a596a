import type { Principal } from '../../../../core/access/principal.ts';
import type { ModelRunner } from '../../../../core/engine/model-runner.ts';
import { NotFoundError, UnavailableError } from '../../../../core/errors.ts';
import type { ProtocolRequest, ProtocolResponse } from '../../../../core/protocol/http.ts';
import {
  OpenInferenceServer,
  type OpenInferenceServerOptions,
} from '../../../../core/protocol/open-inference-server.ts';
import type { ModelVersion, RegisteredModel } from '../../../../core/registry/model-version.ts';
import type { RegistryReader } from '../../../../core/registry/registry-reader.ts';
import type { Datatype, Tensor, TensorSpec } from '../../../../core/tensor/tensor.ts';
import '../../../support/own-temporary-folder.ts';

export const DIGEST = 'ab'.repeat(32);

export const spec = (name: string, datatype: Datatype, ...shape: number[]): TensorSpec => ({
  name,
  datatype,
  shape,
});

/** A READY version whose outputs are called as its inputs, unless others are given. */
export function modelVersion(
  model: string,
  inputs: readonly TensorSpec[],
  more: Partial<ModelVersion> & { readonly outputs?: readonly TensorSpec[] } = {},
): ModelVersion {
  const { outputs = inputs, ...rest } = more;
  return {
    model,
    version: '1',
    status: 'READY',
    artifact: { digest: DIGEST, size: 100 },
    description: {
      irVersion: 10,
      opsets: { 'ai.onnx': 21, 'ai.onnx.ml': 3 },
      producer: 'skl2onnx 1.20.0',
      operators: ['Identity'],
      inputs,
      outputs,
    },
    createdAt: '2026-01-01T00:00:00Z',
    ...rest,
  };
}

/** A registry of the versions given; the last one that is READY is the champion unless `aliases` say otherwise. */
export function registryOf(
  versions: readonly ModelVersion[],
  aliases: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): RegistryReader {
  const names = [...new Set(versions.map(({ model }) => model))].sort();
  const find = (name: string): RegisteredModel<ModelVersion> => {
    const ofModel = versions.filter(({ model }) => model === name);
    if (ofModel.length === 0) throw new NotFoundError('MODEL_NOT_FOUND', `There is no model "${name}".`);
    const champion = ofModel.findLast(({ status }) => status === 'READY')?.version;
    const own = aliases[name] ?? (champion === undefined ? {} : { champion });
    return { name, createdAt: '2026-01-01T00:00:00Z', versions: ofModel, aliases: own };
  };
  return {
    ping: async () => {},
    modelNames: async () => names,
    model: async (name) => find(name),
    resolve: async (name, wanted) => {
      const model = find(name);
      const number = model.aliases[wanted ?? 'champion'] ?? wanted;
      if (number === undefined) throw new NotFoundError('NO_CHAMPION', `"${name}" has no champion.`);
      const found = model.versions.find(({ version }) => version === number);
      if (!found) throw new NotFoundError('VERSION_NOT_FOUND', `"${name}" has no version "${number}".`);
      if (found.status !== 'READY') throw new UnavailableError('MODEL_NOT_READY', `"${name}" is not ready.`);
      return found;
    },
  };
}

/** Answers each output with the input of the same name, and keeps what it was asked. */
export class IdentityRunner implements ModelRunner {
  readonly loaded: string[] = [];
  readonly runs: { readonly inputs: ReadonlyMap<string, Tensor>; readonly outputs: readonly string[] }[] = [];

  async run(_version: ModelVersion, inputs: ReadonlyMap<string, Tensor>, outputs: readonly string[]) {
    this.runs.push({ inputs, outputs });
    return new Map(outputs.map((name) => [name, inputs.get(name) as Tensor]));
  }

  async load({ model, version }: ModelVersion) {
    this.loaded.push(`${model}/${version}`);
  }
}

export const CALLER: Principal = { id: 'caller', scopes: ['infer'] };
export const ADMIN: Principal = { id: 'admin', scopes: ['admin'] };

export interface Reply extends ProtocolResponse {
  readonly text: string;
  /** The JSON part of the body. */
  readonly json: Record<string, unknown>;
  /** What follows it. */
  readonly raw: Uint8Array;
}

export type Call = (
  method: string,
  path: string,
  message?: Partial<Pick<ProtocolRequest, 'headers'>> & { readonly body?: unknown; readonly as?: Principal },
) => Promise<Reply>;

/** A server of the versions given, and a way to call it; a body is bytes, JSON text or what becomes JSON. */
export function serve(
  versions: readonly ModelVersion[],
  options: Partial<OpenInferenceServerOptions> = {},
): { readonly call: Call; readonly runner: IdentityRunner; readonly internalErrors: unknown[] } {
  const runner = new IdentityRunner();
  const internalErrors: unknown[] = [];
  let ids = 0;
  const server = new OpenInferenceServer({
    registry: registryOf(versions),
    runner,
    maxRequestBytes: 1_000_000,
    maxResponseBytes: 1_000_000,
    serverVersion: '1.2.3',
    newId: () => `prediction-${++ids}`,
    onInternalError: (error) => internalErrors.push(error),
    ...options,
  });
  const call: Call = async (method, path, { headers = {}, body, as = CALLER } = {}) => {
    const request = { method, path, headers, body: bytesOf(body), requestId: 'request-1' };
    return readReply(await server.handle(request, as));
  };
  return { call, runner, internalErrors };
}

function bytesOf(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array(0);
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function readReply(response: ProtocolResponse): Reply {
  const length = Number(response.headers['inference-header-content-length'] ?? response.body.length);
  const text = Buffer.from(response.body.subarray(0, length)).toString();
  return { ...response, text, json: JSON.parse(text), raw: new Uint8Array(response.body.subarray(length)) };
}
