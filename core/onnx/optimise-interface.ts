import type { TensorSpec } from '../tensor/tensor.ts';
import type { ModelDescription } from './model-description.ts';
import { partsOf } from './model-parts.ts';
import type { OnnxModel } from './onnx-file.ts';
import type { ValueInfoProto } from './schema/onnx_pb.ts';

/**
 * Gives an optimised model the face of the original: its inputs and outputs with their shapes and the names of free
 * dimensions, its metadata, and the operator sets that it uses and no others. onnxruntime writes down what it inferred,
 * and every set it knows.
 *
 * @param optimised changed
 */
export function keepInterface(original: OnnxModel, optimised: OnnxModel): void {
  optimised.graph.input = callableInputs(original);
  optimised.graph.output = original.graph.output;
  if (optimised.irVersion < MODERN) optimised.irVersion = MODERN;
  optimised.metadataProps = original.metadataProps;
  optimised.producerName = original.producerName;
  optimised.producerVersion = original.producerVersion;
  const used = new Set([
    ...original.opsetImport.map(({ domain }) => domainOf(domain)),
    ...partsOf(optimised).nodes.map(({ domain }) => domainOf(domain)),
  ]);
  optimised.opsetImport = optimised.opsetImport.filter(({ domain }) => used.has(domainOf(domain)));
}

/**
 * Gives an old model the form of today, in which a weight is no input as well and may be replaced by others.
 *
 * @param model changed
 */
export function withoutWeightInputs(model: OnnxModel): void {
  model.graph.input = callableInputs(model);
  if (model.irVersion < MODERN) model.irVersion = MODERN;
}

/** From this IR version on an initializer need not be an input; before, every one was. Source: ONNX, "Versioning". */
const MODERN = 4n;

function callableInputs({ irVersion, graph }: OnnxModel): ValueInfoProto[] {
  const weights = new Set(graph.initializer.map(({ name }) => name));
  return graph.input.filter(({ name }) => irVersion >= MODERN || !weights.has(name));
}

/** What callers would notice of an optimised model before they see a number; undefined when nothing. */
export function optimisationFault(
  original: ModelDescription,
  optimised: ModelDescription,
): string | undefined {
  const before = faceOf(original);
  const after = faceOf(optimised);
  return before === after ? undefined : `inputs and outputs would be ${after}, not ${before}`;
}

function faceOf({ inputs, outputs }: ModelDescription): string {
  return `${inputs.map(inWords).join(', ')} -> ${outputs.map(inWords).join(', ')}`;
}

function inWords({ name, datatype, shape, optional }: TensorSpec): string {
  return `${name}${optional ? '?' : ''}: ${datatype} [${shape.join(', ')}]`;
}

/** The default domain has two names. */
function domainOf(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}
