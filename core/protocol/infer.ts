import type { Principal } from '../access/principal.ts';
import type { ModelRunner } from '../engine/model-runner.ts';
import type { ModelVersion } from '../registry/model-version.ts';
import type { RegistryReader } from '../registry/registry-reader.ts';
import { fetchInputs, type ReferencedInput } from './exchange/referenced-input.ts';
import { layOutFor } from './exchange/result-reference.ts';
import type { ExchangeAccess } from './exchange/tensor-exchange.ts';
import type { ProtocolRequest, ProtocolResponse } from './http.ts';
import { readInferenceRequest } from './inference-request.ts';
import { encodeInference } from './inference-response.ts';
import type { InferenceStatistics } from './inference-statistics.ts';
import { readInputs } from './input-tensors.ts';
import { parseDocument } from './json-document.ts';
import { booleanParameter } from './parameters.ts';
import type { Prediction, PredictionTensors } from './prediction.ts';
import { readRawInput } from './raw-input.ts';
import { readBody } from './request-body.ts';
import type { ReadRequest } from './request-form.ts';
import type { RequestForms } from './request-forms.ts';
import { chooseOutputs } from './requested-outputs.ts';
import type { Route } from './route.ts';

/** A request whose tensors fit the model. */
interface Decoded extends ReadRequest {
  /** Inputs whose bytes are still to be fetched. */
  readonly referenced: readonly ReferencedInput[];
}

/** What answering an inference needs. */
export interface InferTools {
  readonly registry: RegistryReader;
  readonly runner: ModelRunner;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  /** Takes and gives tensors that are too large for a request or an answer. */
  readonly exchange?: ExchangeAccess;
  /** Counts what becomes of requests whose version was found. */
  readonly statistics: InferenceStatistics;
  /** In which forms clients ask. */
  readonly forms: RequestForms;
  readonly now: () => number;
  readonly newId: () => string;
}

export interface Answer {
  readonly response: ProtocolResponse;
  readonly prediction: Prediction;
  readonly tensors: PredictionTensors;
}

/**
 * Answers one inference request, from the bytes that came to the bytes that go.
 *
 * A request is checked before the model is loaded, so that refusing it costs little.
 */
export async function infer(
  request: ProtocolRequest,
  route: Route,
  principal: Principal,
  tools: InferTools,
): Promise<Answer> {
  const { registry, statistics, now } = tools;
  const started = now();
  const version = await registry.resolve(route.model, route.version);
  try {
    const answer = await inferWith({ version, started, resolved: now() }, request, principal, tools);
    statistics.succeeded(version, answer.prediction.latencyMs);
    return answer;
  } catch (error) {
    statistics.failed(version, now() - started);
    throw error;
  }
}

interface Resolved {
  readonly version: ModelVersion;
  /** When the request came and when its version was found, by the clock of the tools. */
  readonly started: number;
  readonly resolved: number;
}

async function inferWith(
  { version, started, resolved }: Resolved,
  request: ProtocolRequest,
  principal: Principal,
  tools: InferTools,
): Promise<Answer> {
  const { runner, now, maxResponseBytes, exchange } = tools;
  // Asked now: a runner may take the memory of the inputs, which can be that of the body.
  const requestBytes = request.body.length;
  const { inputs: sent, request: asked, referenced } = decode(request, version, principal, tools);
  if (request.memory && requestBytes > COUNTED) request.memory.take(bytesBeside(request.body, sent));
  const inputs =
    exchange && referenced.length > 0
      ? new Map([...sent, ...(await fetchInputs(referenced, exchange))])
      : sent;
  const choices = chooseOutputs(asked, version.description.outputs);
  const decoded = now();
  await runner.load(version, { runsNext: true });
  const loaded = now();
  const names = choices.map(({ name }) => name);
  const outputs = await runner.run(version, inputs, names, request.caller);
  const computed = now();
  const predictionId = tools.newId();
  const takesReferences = booleanParameter(asked.parameters, 's3_outputs', 'the request') ?? false;
  const response = await encodeInference({ version, id: asked.id, predictionId }, choices, outputs, {
    maxBytes: maxResponseBytes,
    hasExchange: exchange !== undefined,
    layOut: exchange && takesReferences ? layOutFor(principal.id, predictionId, exchange.tensors) : undefined,
  });
  const encoded = now();
  return {
    response,
    tensors: { inputs, outputs },
    prediction: {
      predictionId,
      requestId: request.requestId,
      principal: principal.id,
      model: version.model,
      version: version.version,
      digest: version.artifact.digest,
      latencyMs: {
        resolve: resolved - started,
        decode: decoded - resolved,
        load: loaded - decoded,
        run: computed - loaded,
        encode: encoded - computed,
        total: encoded - started,
      },
      requestBytes,
      responseBytes: response.body.length,
    },
  };
}

/** Of a smaller body, what it is decoded to is not worth counting. */
const COUNTED = 16_384;

/** What a short text takes beside its letters. */
const TEXT_BYTES = 24;

/** Memory of tensors that is not that of the body. */
function bytesBeside(body: Uint8Array, tensors: Decoded['inputs']): number {
  let bytes = 0;
  for (const { data } of tensors.values()) {
    if (Array.isArray(data)) for (const text of data) bytes += TEXT_BYTES + text.length;
    else if (data.buffer !== body.buffer) bytes += data.byteLength;
  }
  return bytes;
}

/** All outputs as bytes: what a request without a JSON part asks for. */
const RAW_REQUEST: Decoded['request'] = {
  id: undefined,
  parameters: new Map([['binary_data_output', true]]),
  outputs: [],
};

const NONE: Decoded['referenced'] = [];

function decode(
  request: ProtocolRequest,
  version: ModelVersion,
  { id: principal }: Principal,
  { maxRequestBytes, exchange, forms }: InferTools,
): Decoded {
  const specs = version.description.inputs;
  const { json, binary, isRaw } = readBody(request, maxRequestBytes);
  if (isRaw) return { request: RAW_REQUEST, inputs: readRawInput(binary, specs), referenced: NONE };
  const known = binary.length === 0 ? forms.read(version, json) : undefined;
  if (known) return { ...known, referenced: NONE };
  const document = parseDocument(json);
  const asked = readInferenceRequest(document.value);
  const { tensors, referenced } = readInputs(
    {
      inputs: asked.inputs,
      binary,
      exact: document.exact,
      exchange: exchange && { ...exchange, principal },
    },
    specs,
    maxRequestBytes,
  );
  if (binary.length === 0) forms.learn(version, json, asked, tensors);
  return { request: asked, inputs: tensors, referenced };
}
