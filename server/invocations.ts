import { NotFoundError } from '../core/errors.ts';
import type { ProtocolResponse } from '../core/protocol/http.ts';
import { JSON_LENGTH_HEADER } from '../core/protocol/request-body.ts';
import type { RegistryReader } from '../core/registry/registry-reader.ts';

/**
 * A body of JSON and bytes as Triton's container takes and gives it: SageMaker hands on the content type and no header of
 * the protocol's. Source: AWS, "Triton Inference Server with SageMaker AI".
 */
const BINARY_TYPE = 'application/vnd.sagemaker-triton.binary+json';
const HEADER_SIZE = new RegExp(`^${BINARY_TYPE.replace(/[.+]/g, '\\$&')};\\s*json-header-size=(\\d+)$`, 'i');

type Headers = Readonly<Record<string, string | undefined>>;

/** The protocol's headers of a request to `/invocations`. */
export function headersOfInvocation(headers: Headers): Headers {
  const [, size] = HEADER_SIZE.exec(headers['content-type']?.trim() ?? '') ?? [];
  return size === undefined ? headers : { ...headers, [JSON_LENGTH_HEADER]: size };
}

/** The answer with the length of its JSON part in the content type. */
export function answerOfInvocation(response: ProtocolResponse): ProtocolResponse {
  const size = response.headers[JSON_LENGTH_HEADER];
  if (size === undefined) return response;
  return {
    ...response,
    headers: { ...response.headers, 'content-type': `${BINARY_TYPE};json-header-size=${size}` },
  };
}

/**
 * The model that `/invocations` runs: the one that was named, or the only one there is.
 *
 * @throws NotFoundError `NO_DEFAULT_MODEL`
 */
export async function defaultModel(registry: RegistryReader, named: string | undefined): Promise<string> {
  if (named !== undefined) return named;
  const names = await registry.modelNames();
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw new NotFoundError(
    'NO_DEFAULT_MODEL',
    `There are ${names.length} models, and none of them was named as the default one. Ask /v2/models/<model>/infer, or start the server with --default-model <model>.`,
  );
}
