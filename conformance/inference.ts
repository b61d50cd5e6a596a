import assert from 'node:assert/strict';
import type { Message, Reply } from './check.ts';

export type Leaf = number | bigint | string | boolean | null;

/** An output as it came: `data` from the JSON part or `raw` from the bytes behind it. */
export interface Output {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly parameters?: Readonly<Record<string, Leaf>>;
  readonly data?: readonly Leaf[];
  readonly raw?: Buffer;
}

export interface Inference {
  readonly model_name: string;
  readonly model_version?: string;
  readonly id?: string;
  readonly parameters?: Readonly<Record<string, Leaf>>;
  readonly outputs: readonly Output[];
}

const LENGTH_HEADER = 'inference-header-content-length';
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @param request a request object, or the JSON text itself */
export function jsonMessage(request: unknown): Message {
  return {
    headers: { 'content-type': 'application/json' },
    body: typeof request === 'string' ? request : JSON.stringify(request),
  };
}

/** A request of the binary tensor data extension: the JSON part, then the tensors' bytes in the order given. */
export function binaryMessage(request: unknown, ...tensors: readonly Uint8Array[]): Message {
  const head = Buffer.from(typeof request === 'string' ? request : JSON.stringify(request));
  return {
    headers: { [LENGTH_HEADER]: String(head.length) },
    body: new Uint8Array(Buffer.concat([head, ...tensors])),
  };
}

/** `JSON.parse` with the reviver's third argument, which TypeScript does not know yet. */
const parseWithSource = JSON.parse as (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;

/** Parses JSON without losing digits: an integer beyond 2^53 becomes a bigint. */
export function parseJson(bytes: Uint8Array): unknown {
  return parseWithSource(utf8.decode(bytes), (_key, value, { source = '' }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
      ? BigInt(source)
      : value,
  );
}

/** The body as text, for messages. */
export const textOf = (reply: Reply): string => Buffer.from(reply.bytes).toString();

/** The body of an answer of 200 that is JSON. */
export function readJson(reply: Reply): unknown {
  assert.equal(reply.status, 200, `status ${reply.status}: ${textOf(reply).slice(0, 300)}`);
  assert.match(reply.headers.get('content-type') ?? 'none', /^application\/json\b/);
  return parseJson(reply.bytes);
}

/** Reads an inference answer of either form, and holds the form itself against the protocol. */
export function readInference(reply: Reply): Inference {
  assert.equal(reply.status, 200, `status ${reply.status}: ${textOf(reply).slice(0, 300)}`);
  const length = reply.headers.get(LENGTH_HEADER);
  const contentType = reply.headers.get('content-type');
  if (length === null) {
    assert.match(contentType ?? 'none', /^application\/json\b/);
    return withFlatData(parseJson(reply.bytes) as Inference);
  }
  assert.equal(contentType, 'application/octet-stream');
  assert.match(length, /^\d+$/);
  const message = parseJson(reply.bytes.subarray(0, Number(length))) as Inference;
  assert.ok(Array.isArray(message.outputs), '"outputs" is a list');
  let offset = Number(length);
  const outputs = message.outputs.map((output) => {
    const size = output.parameters?.['binary_data_size'];
    if ((size ?? undefined) === undefined) return output;
    assert.equal(
      output.data ?? undefined,
      undefined,
      `output ${output.name} carries data and binary_data_size`,
    );
    const raw = Buffer.from(reply.bytes.subarray(offset, offset + Number(size)));
    offset += raw.length;
    assert.equal(raw.length, size, `output ${output.name} is cut short`);
    return { ...output, raw };
  });
  assert.equal(offset, reply.bytes.length, 'bytes behind the last output');
  return withFlatData({ ...message, outputs });
}

/** Servers may nest data as its shape, and write null for what is not there. */
function withFlatData(message: Inference): Inference {
  assert.ok(Array.isArray(message.outputs), '"outputs" is a list');
  const outputs = message.outputs.map((output) => ({
    ...output,
    data: output.data?.flat(Number.POSITIVE_INFINITY) as Leaf[] | undefined,
  }));
  return { ...message, outputs };
}

/** The one output of a model that has one. */
export function onlyOutput(reply: Reply): Output {
  const { outputs } = readInference(reply);
  assert.equal(outputs.length, 1, `one output, got ${outputs.map(({ name }) => name).join(', ')}`);
  return outputs[0] as Output;
}

/** Data of the outputs by name: without a selection the protocol gives them no order. */
export function dataByName(reply: Reply): Record<string, readonly Leaf[] | undefined> {
  return Object.fromEntries(readInference(reply).outputs.map(({ name, data }) => [name, data]));
}

export const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex');

/** Little-endian bytes of FP32 values. */
export const float32 = (...values: number[]) => Buffer.from(new Float32Array(values).buffer);
