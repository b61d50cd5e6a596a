import { StrataError } from '../errors.ts';
import type { Artifact } from '../registry/model-version.ts';
import { MODEL_FILE } from './model-folder.ts';

const MIB = 1024 * 1024;

/** What a function takes beside models: Node.js, onnxruntime and our code (117 MB were measured with a model of 1 MB). */
const PROCESS_MIB = 128;

/** Most that a Lambda function can have of either. Source: "Lambda quotas". */
const LARGEST_FUNCTION_MIB = 10_240;

/** What the function behind an endpoint has. */
export interface EndpointSize {
  readonly memoryMegabytes?: number | undefined;
  /** Where model files are kept; absent: not known. */
  readonly diskMegabytes?: number | undefined;
}

/**
 * Why an endpoint can never open a model, with what it would need; undefined when it may. While a session is made it holds
 * the weights of the model's own file twice: 902 MB were measured for 400 MB. Files beside it are mapped, and what an
 * operator makes of them differs: between 81 MB (Gather) and 898 MB (MatMul) for 400 MB, so that only the disk counts.
 */
export function misfit(
  artifact: Pick<Artifact, 'size' | 'files'>,
  endpoint: EndpointSize,
): string | undefined {
  const { size, files } = artifact;
  const inModelFile = files === undefined ? size : (files.find(({ name }) => name === MODEL_FILE)?.size ?? 0);
  const memory = PROCESS_MIB + Math.ceil((2 * inModelFile) / MIB);
  const disk = Math.ceil(size / MIB);
  const { memoryMegabytes = Infinity, diskMegabytes = Infinity } = endpoint;
  if (memory > memoryMegabytes) return lacks('memory', memory, memoryMegabytes, 'memorySize');
  if (disk > diskMegabytes) return lacks('disk', disk, diskMegabytes, 'ephemeralStorageSize');
  return undefined;
}

function lacks(what: string, needed: number, has: number, prop: string): string {
  const remedy =
    needed > LARGEST_FUNCTION_MIB
      ? `That is more than a Lambda function can have (${LARGEST_FUNCTION_MIB} MiB): make the model smaller, for example with \`strata quantise\`.`
      : `Give the function more (\`${prop}\`), or make the model smaller, for example with \`strata quantise\`.`;
  return `To open the model takes ${needed} MiB of ${what}, and the endpoint has ${has} MiB. ${remedy}`;
}

/** The model is registered, and no try will open it here. */
export function tooLarge(reason: string): StrataError {
  return new StrataError('MODEL_TOO_LARGE_FOR_ENDPOINT', reason, { statusCode: 507 });
}
