import { InvalidInputError } from '../errors.ts';
import { quoted } from '../tensor/quoted.ts';
import { checkRequestParameters, type Parameters, readParameters } from './parameters.ts';

/** One tensor of a request as the client describes it; its fields are checked against the model later. */
export interface RequestedInput {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly parameters: Parameters;
  readonly data?: readonly unknown[];
}

export interface RequestedOutput {
  readonly name: string;
  readonly parameters: Parameters;
}

/** The JSON part of an inference request. */
export interface InferenceRequest {
  readonly id: string | undefined;
  readonly parameters: Parameters;
  readonly inputs: readonly RequestedInput[];
  /** Empty: all outputs. */
  readonly outputs: readonly RequestedOutput[];
}

/**
 * Reads the form of an inference request; unknown fields are ignored, null counts as absent.
 *
 * @throws InvalidInputError `INVALID_REQUEST`, `DUPLICATE_TENSOR`, `RESERVED_PARAMETER`
 */
export function readInferenceRequest(value: unknown): InferenceRequest {
  const request = asObject(value, 'The request');
  const id = request['id'] ?? undefined;
  if (id !== undefined && typeof id !== 'string') throw invalid('"id" of the request must be a string.');
  const parameters = readParameters(request['parameters'], 'the request');
  checkRequestParameters(parameters);
  const inputs = asArray(request['inputs'], '"inputs" of the request').map(readInput);
  const outputs = asArray(request['outputs'] ?? [], '"outputs" of the request').map(readOutput);
  refuseDuplicates(inputs, 'input');
  refuseDuplicates(outputs, 'output');
  return { id, parameters, inputs, outputs };
}

/** An `inputs` entry of the document that was parsed again without losing digits. */
export function dataOfInput(document: unknown, index: number): readonly unknown[] {
  const { inputs } = document as { inputs: { data: readonly unknown[] }[] };
  return inputs[index]?.data ?? [];
}

function readInput(value: unknown, index: number): RequestedInput {
  const input = asObject(value, `Entry ${index} of "inputs"`);
  const name = readName(input['name'], `entry ${index} of "inputs"`);
  const label = `input ${quoted(name)}`;
  const { datatype, shape, data } = input;
  if (typeof datatype !== 'string') throw invalid(`"datatype" of ${label} must be a string such as "FP32".`);
  const parameters = readParameters(input['parameters'], label);
  const described = { name, datatype, shape: readShape(shape, label), parameters };
  return data === undefined || data === null
    ? described
    : { ...described, data: asArray(data, `"data" of ${label}`) };
}

function readOutput(value: unknown, index: number): RequestedOutput {
  const output = asObject(value, `Entry ${index} of "outputs"`);
  const name = readName(output['name'], `entry ${index} of "outputs"`);
  return { name, parameters: readParameters(output['parameters'], `output ${quoted(name)}`) };
}

function readName(value: unknown, where: string): string {
  if (typeof value !== 'string' || value === '') throw invalid(`"name" of ${where} must be a string.`);
  return value;
}

function readShape(value: unknown, label: string): number[] {
  const shape = asArray(value, `"shape" of ${label}`);
  if (!shape.every((length) => Number.isSafeInteger(length) && (length as number) >= 0)) {
    throw invalid(`"shape" of ${label} must hold integers from 0 on.`);
  }
  return shape as number[];
}

function asObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`${what} must be a JSON object.`);
  }
  return value as Record<string, unknown>;
}

function asArray(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw invalid(`${what} must be an array.`);
  return value;
}

function refuseDuplicates(tensors: readonly { readonly name: string }[], kind: string): void {
  const seen = new Set<string>();
  for (const { name } of tensors) {
    if (seen.has(name)) {
      throw new InvalidInputError(
        'DUPLICATE_TENSOR',
        `The request names the ${kind} ${quoted(name)} twice. Name each ${kind} once.`,
      );
    }
    seen.add(name);
  }
}

function invalid(message: string): InvalidInputError {
  return new InvalidInputError('INVALID_REQUEST', message);
}
