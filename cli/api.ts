import * as z from 'zod';
import { StrataError, UnavailableError } from '../core/errors.ts';

export interface ApiRequest {
  readonly endpoint: string;
  readonly token: string;
  /** Below the endpoint, percent-encoded. */
  readonly path: string;
  /** Sent as JSON by POST; without one the request is a GET. */
  readonly body?: string;
}

/**
 * One call of the deployed API.
 * @returns the text of the answer, which is JSON
 * @throws StrataError with the code and message of the answer when it refuses
 * @throws UnavailableError `ENDPOINT_UNREACHABLE`
 */
export async function callApi({ endpoint, token, path, body }: ApiRequest): Promise<string> {
  const response = await fetch(`${endpoint}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    body,
  }).catch((cause: unknown) => {
    throw new UnavailableError('ENDPOINT_UNREACHABLE', `${endpoint} does not answer; check the address.`, {
      cause,
    });
  });
  const text = await response.text();
  if (!response.ok) {
    throw refusal(response, text);
  }
  return text;
}

/** Path of a model, or of one of its versions, in the Open Inference Protocol. */
export function modelPath(model: string, version?: string): string {
  const ofModel = `/v2/models/${encodeURIComponent(model)}`;
  return version === undefined ? ofModel : `${ofModel}/versions/${encodeURIComponent(version)}`;
}

const refusalSchema = z.object({
  error: z.string().optional(),
  error_code: z.string().optional(),
  message: z.string().optional(),
});

/** An answer of Strata has `error` and `error_code`; of what stands before it, perhaps only `message`, or no JSON. */
function refusal({ status, statusText }: Response, text: string): StrataError {
  const { error, error_code, message } = refusalSchema.safeParse(parsed(text)).data ?? {};
  return new StrataError(
    error_code ?? `HTTP_${status}`,
    error ?? message ?? `The API answered ${status} ${statusText}.`,
    { statusCode: status },
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
