import { InvalidInputError } from '../errors.ts';
import { quoted } from '../tensor/quoted.ts';
import { unsupported } from './protocol-error.ts';

/** Parameters of a request, an input or an output, by name. */
export type Parameters = ReadonlyMap<string, string | number | boolean>;

const NONE: Parameters = new Map();

/**
 * @param owner for messages: `the request`, `input "x"`
 * @throws InvalidInputError `INVALID_REQUEST`
 */
export function readParameters(value: unknown, owner: string): Parameters {
  if (value === undefined || value === null) return NONE;
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw invalid(`"parameters" of ${owner} must be a JSON object.`);
  }
  const parameters = new Map<string, string | number | boolean>();
  for (const [name, parameter] of Object.entries(value)) {
    const isScalar =
      typeof parameter === 'string' ||
      typeof parameter === 'boolean' ||
      (typeof parameter === 'number' && Number.isFinite(parameter));
    if (!isScalar) {
      throw invalid(`The parameter ${quoted(name)} of ${owner} must be a string, a number or a boolean.`);
    }
    parameters.set(name, parameter);
  }
  refuseSharedMemory(parameters, owner);
  return parameters;
}

/** @throws InvalidInputError `INVALID_REQUEST` when the parameter is there and not a boolean */
export function booleanParameter(parameters: Parameters, name: string, owner: string): boolean | undefined {
  const value = parameters.get(name);
  if (value !== undefined && typeof value !== 'boolean') {
    throw invalid(`The parameter "${name}" of ${owner} must be true or false.`);
  }
  return value;
}

/** @throws InvalidInputError `INVALID_REQUEST` when the parameter is there and not an integer from `least` on */
export function integerParameter(
  parameters: Parameters,
  name: string,
  owner: string,
  least: number,
): number | undefined {
  const value = parameters.get(name);
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least) {
    throw invalid(`The parameter "${name}" of ${owner} must be an integer from ${least} on.`);
  }
  return value;
}

/** @throws InvalidInputError `INVALID_REQUEST` when the parameter is there and not a string */
export function stringParameter(parameters: Parameters, name: string, owner: string): string | undefined {
  const value = parameters.get(name);
  if (value !== undefined && typeof value !== 'string') {
    throw invalid(`The parameter "${name}" of ${owner} must be a string.`);
  }
  return value;
}

/**
 * Checks the request parameters that the protocol defines. Sequences, priority and timeout are accepted from clients
 * that always send them; there is no state between requests and no queue that they could order.
 *
 * @throws InvalidInputError `INVALID_REQUEST`, or `RESERVED_PARAMETER` for names that belong to the server
 */
export function checkRequestParameters(parameters: Parameters): void {
  const owner = 'the request';
  for (const name of parameters.keys()) {
    if (name === 'headers' || name.startsWith('triton_')) {
      throw new InvalidInputError(
        'RESERVED_PARAMETER',
        `The parameter ${quoted(name)} of the request is reserved by the protocol. Choose another name.`,
      );
    }
  }
  booleanParameter(parameters, 'binary_data_output', owner);
  booleanParameter(parameters, 's3_outputs', owner);
  booleanParameter(parameters, 'sequence_start', owner);
  booleanParameter(parameters, 'sequence_end', owner);
  integerParameter(parameters, 'priority', owner, 0);
  integerParameter(parameters, 'timeout', owner, 0);
  if (typeof parameters.get('sequence_id') !== 'string')
    integerParameter(parameters, 'sequence_id', owner, 0);
}

function refuseSharedMemory(parameters: Parameters, owner: string): void {
  if (!parameters.has('shared_memory_region')) return;
  throw unsupported(
    `The parameter "shared_memory_region" of ${owner} cannot be used: a serverless endpoint shares no memory with its clients. Send the tensor in the request.`,
  );
}

function invalid(message: string): InvalidInputError {
  return new InvalidInputError('INVALID_REQUEST', message);
}
