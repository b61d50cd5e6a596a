import type { ModelVersion, ModelVersionStatus, RegisteredModel } from '../registry/model-version.ts';
import type { TensorSpec } from '../tensor/tensor.ts';

/** Name that the specification registers for ONNX models. */
const PLATFORM = 'onnx_onnxv1';

/** Body of `GET /v2/models/{model}`. */
export function modelMetadata(version: ModelVersion, model: RegisteredModel): object {
  const { description, artifact } = version;
  return {
    name: version.model,
    versions: readyVersions(model),
    platform: PLATFORM,
    inputs: description.inputs.map(tensorMetadata),
    outputs: description.outputs.map(tensorMetadata),
    properties: {
      sha256: artifact.digest,
      ir_version: String(description.irVersion),
      producer: description.producer,
      ...opsetProperties(description.opsets),
    },
  };
}

/** Body of `GET /v2/models/{model}/config`, in the words of Triton's model configuration. */
export function modelConfig(version: ModelVersion, model: RegisteredModel): object {
  return {
    name: version.model,
    platform: PLATFORM,
    versions: readyVersions(model),
    // The batch dimension is part of every shape.
    max_batch_size: 0,
    input: version.description.inputs.map((spec) => ({
      ...tensorConfig(spec),
      optional: spec.optional ?? false,
    })),
    output: version.description.outputs.map(tensorConfig),
  };
}

export interface RepositoryIndexEntry {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly reason: string;
}

const STATES: Readonly<Record<ModelVersionStatus, { readonly state: string; readonly reason: string }>> = {
  READY: { state: 'READY', reason: '' },
  PENDING_REGISTRATION: { state: 'LOADING', reason: 'The version is being admitted.' },
  FAILED_REGISTRATION: { state: 'UNAVAILABLE', reason: 'The version was not admitted.' },
};

/** Entries of `POST /v2/repository/index`, one for each version; states in Triton's words. */
export function repositoryIndex(
  models: readonly RegisteredModel[],
  onlyReady: boolean,
): RepositoryIndexEntry[] {
  return models.flatMap(({ name, versions }) =>
    versions
      .filter(({ status }) => !onlyReady || status === 'READY')
      .map(({ version, status }) => ({ name, version, ...STATES[status] })),
  );
}

function readyVersions({ versions }: RegisteredModel): string[] {
  return versions.filter(({ status }) => status === 'READY').map(({ version }) => version);
}

function tensorMetadata({ name, datatype, shape }: TensorSpec): object {
  return { name, datatype, shape };
}

function tensorConfig({ name, datatype, shape }: TensorSpec): object {
  return { name, data_type: datatype === 'BYTES' ? 'TYPE_STRING' : `TYPE_${datatype}`, dims: shape };
}

/** `opset` for the default domain, `opset.<domain>` for the others. */
function opsetProperties(opsets: Readonly<Record<string, number>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(opsets).map(([domain, opset]) => [
      domain === 'ai.onnx' ? 'opset' : `opset.${domain}`,
      String(opset),
    ]),
  );
}
