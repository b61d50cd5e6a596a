import type { ModelVersion } from '../registry/model-version.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { toBytes } from '../tensor/to-bytes.ts';
import { toJson } from '../tensor/to-json.ts';
import { classify } from './classification.ts';
import type { LayOut } from './exchange/result-reference.ts';
import type { ProtocolResponse } from './http.ts';
import { ProtocolError } from './protocol-error.ts';
import { JSON_LENGTH_HEADER } from './request-body.ts';
import type { OutputChoice } from './requested-outputs.ts';

/** What an answer tells beside its tensors. */
export interface ResponseHead {
  readonly version: Pick<ModelVersion, 'model' | 'version'>;
  /** The request's id, echoed when it has one. */
  readonly id: string | undefined;
  readonly predictionId: string;
}

/** What an answer may come to. */
export interface ResponseLimit {
  /** Largest body in bytes. */
  readonly maxBytes: number;
  /** Takes the outputs that do not fit; absent: the caller does not accept references, and the answer is refused. */
  readonly layOut?: LayOut;
  /** Whether a caller who accepts references would have got them. */
  readonly hasExchange?: boolean;
}

/** An output in the body. */
interface Part {
  readonly content: string;
  readonly raw?: Uint8Array;
}

/** What a reference takes at most: the signed URL with the session's token is the largest part of it. */
const REFERENCE_BYTES = 8 * 1024;

/**
 * Encodes the answer to an inference: JSON, or JSON followed by the bytes of the outputs that are wanted as bytes.
 * Outputs keep to the body, in their order, while there is room.
 *
 * @param results tensors by output name, as the runner computed them
 * @throws ProtocolError `RESPONSE_TOO_LARGE` 413
 * @throws InvalidInputError `CLASSIFICATION_NOT_POSSIBLE`
 * @throws UnavailableError `EXCHANGE_UNAVAILABLE`
 */
export async function encodeInference(
  head: ResponseHead,
  choices: readonly OutputChoice[],
  results: ReadonlyMap<string, Tensor>,
  limit: ResponseLimit,
): Promise<ProtocolResponse> {
  const { layOut } = limit;
  const start = headText(head);
  let room = limit.maxBytes - Buffer.byteLength(start);
  const outputs: string[] = [];
  const raw: Uint8Array[] = [];
  const overflowing: { readonly index: number; readonly name: string; readonly bytes: Uint8Array }[] = [];
  for (let i = 0; i < choices.length; i++) {
    const choice = choices[i] as OutputChoice;
    const tensor = tensorFor(choice, results);
    const frame = frameText(choice.name, tensor);
    const others = layOut ? (choices.length - 1 - i) * REFERENCE_BYTES : 0;
    const part = inline(choice, tensor, room - frame.length - others);
    if (!part && !layOut) throw tooLarge(limit);
    room -= frame.length + (part ? sizeOf(part) : REFERENCE_BYTES);
    outputs.push(part ? `${frame},${part.content}}` : frame);
    if (part?.raw) raw.push(part.raw);
    if (!part) overflowing.push({ index: i, name: choice.name, bytes: toBytes(tensor) });
  }
  if (layOut && overflowing.length > 0) {
    await Promise.all(
      overflowing.map(async ({ index, name, bytes }) => {
        const reference = JSON.stringify(await layOut(name, bytes));
        outputs[index] = `${outputs[index]},"parameters":${reference}}`;
      }),
    );
  }
  const json = Buffer.from(`${start},"outputs":[${outputs.join(',')}]}`);
  const body = raw.length === 0 ? json : Buffer.concat([json, ...raw]);
  if (body.length > limit.maxBytes) throw tooLarge(limit);
  const headers: Record<string, string> = {
    'content-type': raw.length > 0 ? 'application/octet-stream' : 'application/json',
    'x-prediction-id': head.predictionId,
  };
  if (raw.length > 0) headers[JSON_LENGTH_HEADER] = String(json.length);
  return { status: 200, headers, body };
}

/** The output as part of the body; undefined when it does not fit. */
function inline({ isBinary }: OutputChoice, tensor: Tensor, room: number): Part | undefined {
  // In JSON an element takes two bytes at least, itself and a comma. Asked before the text is built.
  if (!isBinary && tensor.data.length * 2 > room) return undefined;
  const raw = isBinary ? toBytes(tensor) : undefined;
  const part: Part = raw
    ? { content: `"parameters":{"binary_data_size":${raw.length}}`, raw }
    : { content: `"data":${toJson(tensor)}` };
  return sizeOf(part) > room ? undefined : part;
}

function sizeOf({ content, raw }: Part): number {
  return Buffer.byteLength(content) + (raw?.length ?? 0);
}

/** What each output has in common, without the closing brace. */
export function frameText(name: string, { shape, datatype }: Pick<Tensor, 'shape' | 'datatype'>): string {
  return `{"name":${JSON.stringify(name)},"shape":[${shape.join(',')}],"datatype":"${datatype}"`;
}

export function tensorFor(
  { name, classes }: Pick<OutputChoice, 'name' | 'classes'>,
  results: ReadonlyMap<string, Tensor>,
): Tensor {
  const tensor = results.get(name);
  if (!tensor) throw new Error(`the runner did not compute the output ${name}`);
  return classes === undefined ? tensor : classify(tensor, classes, name);
}

/** The fields before the outputs, without the closing brace. */
export function headText({ version, id, predictionId }: ResponseHead): string {
  const idText = id === undefined ? '' : `"id":${JSON.stringify(id)},`;
  const names = `"model_name":${JSON.stringify(version.model)},"model_version":${JSON.stringify(version.version)}`;
  return `{${names},${idText}"parameters":{"prediction_id":${JSON.stringify(predictionId)}}`;
}

function tooLarge({ maxBytes, hasExchange }: ResponseLimit): ProtocolError {
  const other = hasExchange
    ? ' With the request parameter "s3_outputs": true, outputs that are too large are handed over through the exchange.'
    : '';
  return new ProtocolError(
    'RESPONSE_TOO_LARGE',
    `The answer would be larger than ${maxBytes} bytes. Ask for fewer outputs or send fewer rows at once; numbers as bytes ("binary_data") take less room than JSON.${other}`,
    413,
  );
}
