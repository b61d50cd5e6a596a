import { InvalidInputError } from '../errors.ts';
import { quoted } from '../tensor/quoted.ts';
import type { TensorSpec } from '../tensor/tensor.ts';
import type { InferenceRequest, RequestedOutput } from './inference-request.ts';
import { booleanParameter, integerParameter } from './parameters.ts';

/** One output to answer with, in which form. */
export interface OutputChoice {
  readonly name: string;
  /** As bytes behind the JSON part. */
  readonly isBinary: boolean;
  /** Answer with so many of the highest values instead of the tensor. */
  readonly classes?: number;
}

/**
 * The outputs to answer with: those that the request lists, in its order, or all of the model's.
 *
 * @throws InvalidInputError `UNKNOWN_OUTPUT`, `INVALID_REQUEST`
 */
export function chooseOutputs(
  request: Pick<InferenceRequest, 'parameters' | 'outputs'>,
  specs: readonly TensorSpec[],
): OutputChoice[] {
  const isBinary = booleanParameter(request.parameters, 'binary_data_output', 'the request') ?? false;
  if (request.outputs.length === 0) return specs.map(({ name }) => ({ name, isBinary }));
  const known = new Set(specs.map(({ name }) => name));
  return request.outputs.map((output) => {
    if (!known.has(output.name)) throw unknownOutput(output.name, specs);
    return chooseForm(output, isBinary);
  });
}

function chooseForm({ name, parameters }: RequestedOutput, isBinaryByDefault: boolean): OutputChoice {
  const label = `output ${quoted(name)}`;
  const isBinary = booleanParameter(parameters, 'binary_data', label) ?? isBinaryByDefault;
  const classes = integerParameter(parameters, 'classification', label, 0) || undefined;
  return classes === undefined ? { name, isBinary } : { name, isBinary, classes };
}

function unknownOutput(name: string, specs: readonly TensorSpec[]): InvalidInputError {
  const names = specs.map((spec) => quoted(spec.name)).join(', ');
  return new InvalidInputError(
    'UNKNOWN_OUTPUT',
    `The model has no output ${quoted(name)}. Its outputs: ${names}.`,
  );
}
