import { InvalidInputError } from '../../errors.ts';
import { elementBytes } from '../../tensor/elements.ts';
import type { ExpectedTensor } from '../../tensor/expected-tensor.ts';
import { fromBytes } from '../../tensor/from-bytes.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { RequestedInput } from '../inference-request.ts';
import { integerParameter, stringParameter } from '../parameters.ts';
import { ProtocolError, unsupported } from '../protocol-error.ts';
import { ownKey } from './exchange-key.ts';
import type { ExchangeAccess } from './tensor-exchange.ts';

/** Says that a tensor's bytes are in the exchange, and where. */
export const REFERENCE_PARAMETER = 's3_object';
export const SIZE_PARAMETER = 's3_byte_size';

/** An exchange as one caller may use it. */
export interface CallersExchange extends ExchangeAccess {
  /** `Principal.id`. */
  readonly principal: string;
}

/** An input whose bytes are in the exchange, checked as far as that goes without looking there. */
export interface ReferencedInput {
  readonly name: string;
  readonly expected: ExpectedTensor;
  readonly key: string;
  /** In bytes; undefined where the shape does not tell (BYTES) and the caller did not either. */
  readonly size: number | undefined;
}

/**
 * @throws ProtocolError `UNSUPPORTED` 501 where there is no exchange
 * @throws InvalidInputError `INVALID_REQUEST`, `INVALID_REFERENCE`, `DATA_SIZE_MISMATCH`
 * @throws PermissionDeniedError when the reference is not the caller's own
 */
export function readReference(
  input: RequestedInput,
  expected: ExpectedTensor,
  exchange: CallersExchange | undefined,
): ReferencedInput {
  const { label, count, datatype } = expected;
  const { parameters, name } = input;
  if (!exchange) throw unsupported(`"s3_object" of ${label} cannot be used: this server has no exchange.`);
  if (input.data !== undefined || parameters.has('binary_data_size')) {
    throw new InvalidInputError(
      'INVALID_REQUEST',
      `${label} must have one of "data" and the parameters "binary_data_size" and "s3_object", not several.`,
    );
  }
  const reference = stringParameter(parameters, REFERENCE_PARAMETER, label) as string;
  const { tensors, principal } = exchange;
  const key = ownKey(reference, { bucket: tensors.bucket, principal, label });
  const declared = integerParameter(parameters, SIZE_PARAMETER, label, 0);
  const bytes = elementBytes(datatype);
  const needed = bytes === undefined ? declared : bytes * count;
  if (needed !== undefined && declared !== undefined && declared !== needed)
    throw sizeMismatch(expected, needed, declared);
  return { name, expected, key, size: needed };
}

/**
 * Reads inputs from the exchange, one after the other. A size that is wrong or too large is noticed before the bytes
 * are fetched.
 *
 * @returns tensors by input name
 * @throws InvalidInputError naming the tensor: `TENSOR_NOT_FOUND`, `DATA_SIZE_MISMATCH`, and those of `fromBytes`
 * @throws ProtocolError `TENSOR_TOO_LARGE` 413
 * @throws UnavailableError `EXCHANGE_UNAVAILABLE`
 */
export async function fetchInputs(
  inputs: readonly ReferencedInput[],
  { tensors, maxBytes }: ExchangeAccess,
): Promise<Map<string, Tensor>> {
  let total = inputs.reduce((sum, { size }) => sum + (size ?? 0), 0);
  if (total > maxBytes) throw tooLarge(maxBytes);
  const fetched = new Map<string, Tensor>();
  for (const { name, expected, key, size } of inputs) {
    const found = await tensors.open(key);
    if (!found) throw notFound(expected);
    total += size === undefined ? found.size : 0;
    const refusal = refuseSize(found.size, size, expected) ?? (total > maxBytes && tooLarge(maxBytes));
    if (refusal) {
      found.discard();
      throw refusal;
    }
    const { datatype, shape } = expected;
    fetched.set(name, { datatype, shape, data: fromBytes(expected, await found.read()) });
  }
  return fetched;
}

function refuseSize(
  actual: number,
  needed: number | undefined,
  expected: ExpectedTensor,
): InvalidInputError | undefined {
  return needed === undefined || actual === needed ? undefined : sizeMismatch(expected, needed, actual);
}

function sizeMismatch(
  { label, shape, datatype }: ExpectedTensor,
  needed: number,
  actual: number,
): InvalidInputError {
  return new InvalidInputError(
    'DATA_SIZE_MISMATCH',
    `Unexpected size for ${label} in the exchange: shape [${shape.join(', ')}] of ${datatype} needs ${needed} bytes, got ${actual}.`,
  );
}

function notFound({ label }: ExpectedTensor): InvalidInputError {
  return new InvalidInputError(
    'TENSOR_NOT_FOUND',
    `There is nothing in the exchange where "s3_object" of ${label} points to. Upload the tensor before the request; it is kept for a day.`,
  );
}

function tooLarge(maxBytes: number): ProtocolError {
  return new ProtocolError(
    'TENSOR_TOO_LARGE',
    `The tensors that the request refers to have more than ${maxBytes} bytes, which is what fits into the memory of this endpoint. Send fewer rows at once.`,
    413,
  );
}
