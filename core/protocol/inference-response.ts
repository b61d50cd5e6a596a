import type { ModelVersion } from '../registry/model-version.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { toBytes } from '../tensor/to-bytes.ts';
import { toJson } from '../tensor/to-json.ts';
import { classify } from './classification.ts';
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

/**
 * Encodes the answer to an inference: JSON, or JSON followed by the bytes of the outputs that are wanted as bytes.
 *
 * @param results tensors by output name, as the runner computed them
 * @throws ProtocolError `RESPONSE_TOO_LARGE` 413
 * @throws InvalidInputError `CLASSIFICATION_NOT_POSSIBLE`
 */
export function encodeInference(
  head: ResponseHead,
  choices: readonly OutputChoice[],
  results: ReadonlyMap<string, Tensor>,
  maxBytes: number,
): ProtocolResponse {
  const outputs: string[] = [];
  const raw: Uint8Array[] = [];
  let hasBinary = false;
  let room = maxBytes;
  for (const choice of choices) {
    const tensor = tensorFor(choice, results);
    // In JSON an element takes two bytes at least, itself and a comma. Asked before the text is built.
    if (!choice.isBinary && tensor.data.length * 2 > room) throw tooLarge(maxBytes);
    const bytes = choice.isBinary ? toBytes(tensor) : undefined;
    if (bytes) {
      hasBinary = true;
      raw.push(bytes);
    }
    const content = bytes ? `"parameters":{"binary_data_size":${bytes.length}}` : `"data":${toJson(tensor)}`;
    outputs.push(
      `{"name":${JSON.stringify(choice.name)},"shape":[${tensor.shape.join(',')}],"datatype":"${tensor.datatype}",${content}}`,
    );
    room -= bytes?.length ?? content.length;
    if (room < 0) throw tooLarge(maxBytes);
  }
  const json = Buffer.from(`${headText(head)},"outputs":[${outputs.join(',')}]}`);
  const body = raw.length === 0 ? json : Buffer.concat([json, ...raw]);
  if (body.length > maxBytes) throw tooLarge(maxBytes);
  return {
    status: 200,
    headers: {
      'content-type': hasBinary ? 'application/octet-stream' : 'application/json',
      ...(hasBinary && { [JSON_LENGTH_HEADER]: String(json.length) }),
      'x-prediction-id': head.predictionId,
    },
    body,
  };
}

function tensorFor({ name, classes }: OutputChoice, results: ReadonlyMap<string, Tensor>): Tensor {
  const tensor = results.get(name);
  if (!tensor) throw new Error(`the runner did not compute the output ${name}`);
  return classes === undefined ? tensor : classify(tensor, classes, name);
}

/** The fields before the outputs, without the closing brace. */
function headText({ version, id, predictionId }: ResponseHead): string {
  const head = {
    model_name: version.model,
    model_version: version.version,
    id,
    parameters: { prediction_id: predictionId },
  };
  return JSON.stringify(head).slice(0, -1);
}

function tooLarge(maxBytes: number): ProtocolError {
  return new ProtocolError(
    'RESPONSE_TOO_LARGE',
    `The answer would be larger than ${maxBytes} bytes. Ask for fewer outputs or send fewer rows at once; numbers as bytes ("binary_data") take less room than JSON.`,
    413,
  );
}
