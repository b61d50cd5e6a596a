import type { ModelDescription } from '../onnx/model-description.ts';
import type { Tensor, TensorSpec } from '../tensor/tensor.ts';
import { readInferenceRequest } from './inference-request.ts';
import { readInputs } from './input-tensors.ts';
import type { JsonDocument } from './json-document.ts';
import { chooseOutputs, type OutputChoice } from './requested-outputs.ts';

/** One record of a batch or of a stream, checked against the model. */
export interface DecodedRecord {
  /** The record's own id, echoed when it has one. */
  readonly id: string | undefined;
  readonly inputs: Map<string, Tensor>;
  readonly choices: readonly OutputChoice[];
}

const NO_BYTES = new Uint8Array(0);

/**
 * Reads a record: an inference request of the protocol with its tensors in JSON, or a row, an object that has one value
 * for each input: a number or text for inputs of the shape `[-1]` or `[-1, 1]`, a list for `[-1, 4]`.
 *
 * @param limit more elements than this cannot be meant
 * @throws InvalidInputError what requests are refused for: `INVALID_REQUEST`, `UNKNOWN_INPUT`, `MISSING_INPUT`,
 * `DATATYPE_MISMATCH`, `SHAPE_MISMATCH`, ...
 */
export function readRecord(
  document: JsonDocument,
  { inputs: specs, outputs }: Pick<ModelDescription, 'inputs' | 'outputs'>,
  limit: number,
): DecodedRecord {
  const request = readInferenceRequest(asRequest(document.value, specs));
  const { tensors } = readInputs(
    { inputs: request.inputs, binary: NO_BYTES, exact: () => asRequest(document.exact(), specs) },
    specs,
    limit,
  );
  return { id: request.id, inputs: tensors, choices: chooseOutputs(request, outputs) };
}

/** A row as the request that it stands for. What is neither is left for the reader of requests to refuse. */
function asRequest(value: unknown, specs: readonly TensorSpec[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const isTaken = specs.some(({ name }) => name === 'inputs');
  if ('inputs' in value && !isTaken) return value;
  return { inputs: Object.entries(value).map(([name, of]) => asInput(name, of, specs)) };
}

function asInput(name: string, value: unknown, specs: readonly TensorSpec[]): object {
  const spec = specs.find((each) => each.name === name);
  return {
    name,
    datatype: spec?.datatype ?? '',
    shape: shapeOf(value, spec),
    data: [value].flat(Number.POSITIVE_INFINITY),
  };
}

/** The shape of an input in a row: one row of the value's own lists; a single value fills dimensions of one, [-1, 1]. */
export function shapeOf(value: unknown, spec: Pick<TensorSpec, 'shape'> | undefined): number[] {
  const lengths = [1];
  // By the first of each list: that all are alike is checked by the number of elements.
  for (let level = value; Array.isArray(level); level = level[0]) lengths.push(level.length);
  while (spec && lengths.length < spec.shape.length) lengths.push(1);
  return lengths;
}
