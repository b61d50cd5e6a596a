import type { Principal } from '../access/principal.ts';
import type { Tensor, TensorSpec } from '../tensor/tensor.ts';
import type { ProtocolRequest, ProtocolResponse } from './http.ts';
import { type InferenceRequest, readInferenceRequest } from './inference-request.ts';
import { encodeInference } from './inference-response.ts';
import { readInputs } from './input-tensors.ts';
import { parseDocument } from './json-document.ts';
import type { OpenInferenceServerOptions } from './open-inference-server.ts';
import type { Prediction } from './prediction.ts';
import { readRawInput } from './raw-input.ts';
import { readBody } from './request-body.ts';
import { chooseOutputs } from './requested-outputs.ts';
import type { Route } from './route.ts';

/** A request whose tensors fit the model. */
interface Decoded {
  readonly request: Pick<InferenceRequest, 'id' | 'parameters' | 'outputs'>;
  readonly inputs: Map<string, Tensor>;
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
  options: OpenInferenceServerOptions,
): Promise<{ readonly response: ProtocolResponse; readonly prediction: Prediction }> {
  const { registry, runner, now, maxResponseBytes } = options;
  const started = now();
  const version = await registry.resolve(route.model, route.version);
  const resolved = now();
  const { inputs, request: asked } = decode(request, version.description.inputs, options.maxRequestBytes);
  const choices = chooseOutputs(asked, version.description.outputs);
  const decoded = now();
  await runner.load(version);
  const loaded = now();
  const outputs = await runner.run(
    version,
    inputs,
    choices.map(({ name }) => name),
  );
  const computed = now();
  const predictionId = options.newId();
  const head = asked.id === undefined ? { version, predictionId } : { version, predictionId, id: asked.id };
  const response = encodeInference(head, choices, outputs, maxResponseBytes);
  const latency = {
    resolve: resolved - started,
    decode: decoded - resolved,
    load: loaded - decoded,
    run: computed - loaded,
    encode: now() - computed,
  };
  const { requestId } = request;
  const responseBytes = response.body.length;
  return {
    response,
    prediction: { predictionId, requestId, principal, version, inputs, outputs, latency, responseBytes },
  };
}

/** All outputs as bytes: what a request without a JSON part asks for. */
const RAW_REQUEST: Decoded['request'] = { parameters: new Map([['binary_data_output', true]]), outputs: [] };

function decode(request: ProtocolRequest, specs: readonly TensorSpec[], maxBytes: number): Decoded {
  const { json, binary, isRaw } = readBody(request, maxBytes);
  if (isRaw) return { request: RAW_REQUEST, inputs: readRawInput(binary, specs) };
  const document = parseDocument(json);
  const asked = readInferenceRequest(document.value);
  const source = { inputs: asked.inputs, binary, exact: document.exact };
  return { request: asked, inputs: readInputs(source, specs, maxBytes) };
}
