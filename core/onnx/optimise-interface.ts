import type { TensorSpec } from '../tensor/tensor.ts';
import type { ModelDescription } from './model-description.ts';
import { partsOf } from './model-parts.ts';
import type { OnnxModel } from './onnx-file.ts';

/**
 * Gives an optimised model the face of the original: its inputs and outputs with their shapes and the names of free
 * dimensions, its metadata, and the operator sets that it uses and no others. onnxruntime writes down what it inferred,
 * and every set it knows.
 *
 * @param optimised changed
 */
export function keepInterface(original: OnnxModel, optimised: OnnxModel): void {
  const weights = new Set(original.graph.initializer.map(({ name }) => name));
  // Before IR version 4 weights had to be inputs too, and kept the runtime from treating them as constants.
  const isOld = original.irVersion < 4n;
  optimised.graph.input = original.graph.input.filter(({ name }) => !isOld || !weights.has(name));
  optimised.graph.output = original.graph.output;
  optimised.irVersion = isOld ? 4n : optimised.irVersion;
  optimised.metadataProps = original.metadataProps;
  optimised.producerName = original.producerName;
  optimised.producerVersion = original.producerVersion;
  const used = new Set([
    ...original.opsetImport.map(({ domain }) => domainOf(domain)),
    ...partsOf(optimised).nodes.map(({ domain }) => domainOf(domain)),
  ]);
  optimised.opsetImport = optimised.opsetImport.filter(({ domain }) => used.has(domainOf(domain)));
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
