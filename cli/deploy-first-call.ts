import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { accessToken } from '../aws/access-token.ts';
import { cognito } from '../aws/clients.ts';
import { INTERNAL_ERROR, StrataError, UnavailableError } from '../core/errors.ts';
import type { TensorSpec } from '../core/tensor/tensor.ts';
import { callApi, modelPath } from './api.ts';
import type { JsonInput } from './rows-to-inputs.ts';
import type { AccountTarget } from './target.ts';

/** More elements than this are no example any more. */
const MAX_ELEMENTS = 10_000;

/** A new user pool domain and a new API are known everywhere after about a minute. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 3_000;

export interface FirstCall {
  /** The request that was sent, to be sent again; absent when the inputs are too large for an example. */
  readonly request?: { readonly inputs: readonly JsonInput[] };
  /** Names of the outputs that came back. */
  readonly outputs?: readonly string[];
  /** Start of the function and of the model included. */
  readonly milliseconds?: number;
  /** Why the model did not take the made-up input: no fault of the deployment. */
  readonly refused?: string;
}

/** What waiting does not mend: about this model, or this caller. */
const LASTING = new Set([
  INTERNAL_ERROR.error_code as string,
  'DIGEST_MISMATCH',
  'MODEL_LOAD_FAILED',
  'PERMISSION_DENIED',
]);

const answerSchema = z.object({ outputs: z.array(z.object({ name: z.string() })) });

/**
 * Inputs that a model may take, made from their description alone: free dimensions are 1, numbers that count or index
 * are 0, other numbers 1, texts empty.
 * @returns undefined when they would be too large
 */
export function madeUpInputs(specs: readonly TensorSpec[]): JsonInput[] | undefined {
  const inputs: JsonInput[] = [];
  for (const { name, datatype, shape, optional } of specs) {
    if (optional) continue;
    const lengths = shape.map((length) => (length < 0 ? 1 : length));
    const size = lengths.reduce((product, length) => product * length, 1);
    if (size > MAX_ELEMENTS) return undefined;
    inputs.push({
      name,
      datatype,
      shape: lengths,
      data: Array<JsonInput['data'][number]>(size).fill(one(datatype)),
    });
  }
  return inputs;
}

function one(datatype: string): number | string | boolean {
  if (datatype === 'BYTES') return '';
  if (datatype === 'BOOL') return false;
  return datatype.startsWith('FP') ? 1 : 0;
}

/**
 * Asks a version that was just deployed: its metadata, and a prediction for made-up inputs.
 * @throws StrataError what the API answers when it cannot serve
 */
export async function firstCall(
  { deployment, aws }: AccountTarget,
  model: string,
  version: string,
  specs: readonly TensorSpec[],
): Promise<FirstCall> {
  const { token } = await patiently(() => accessToken(cognito(aws), deployment, ['infer']));
  const path = modelPath(model, version);
  const call = (suffix: string, body?: string) =>
    callApi({ endpoint: deployment.endpoint, token, path: `${path}${suffix}`, body });
  await patiently(() => call(''));
  const inputs = madeUpInputs(specs);
  if (inputs === undefined) return {};
  const request = { inputs };
  const started = performance.now();
  try {
    const answer = await patiently(() => call('/infer', JSON.stringify(request)));
    const { outputs } = answerSchema.parse(JSON.parse(answer));
    const milliseconds = Math.round(performance.now() - started);
    return { request, outputs: outputs.map(({ name }) => name), milliseconds };
  } catch (error) {
    if (error instanceof StrataError && isRefusal(error)) return { request, refused: error.message };
    throw error;
  }
}

/** The model was run, or not even that, because it does not take these values. */
function isRefusal({ statusCode }: StrataError): boolean {
  return statusCode === 400 || statusCode === 413 || statusCode === 422;
}

/** Again and again while what is new is not known everywhere yet. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!mayPass(error) || performance.now() > deadline) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof StrataError && LASTING.has(error.code)) return false;
  if (error instanceof UnavailableError) return true;
  // API Gateway answers so while it does not know a new stage or its authorizer.
  const gateway = [403, 500, 502, 503, 504];
  return error instanceof StrataError && gateway.includes(error.statusCode);
}
