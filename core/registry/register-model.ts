import { type EndpointSize, misfit } from '../engine/model-fit.ts';
import { InvalidInputError } from '../errors.ts';
import type { ArtifactStore } from './artifact-store.ts';
import type { ModelVersion } from './model-version.ts';
import { assertAlias, assertModelName } from './names.ts';
import { readArtifact } from './read-artifact.ts';
import { assertDescriptionFits } from './registry-items.ts';
import type { RegistryWriter } from './registry-writer.ts';

export interface RegisterModelInput {
  /** The ONNX file. */
  readonly path: string;
  /** Name of the model; it is made when it is not there yet. */
  readonly model: string;
  /** Alias that is to point at the new version. */
  readonly alias?: string;
  /** Who registers, for the alias log and the events. */
  readonly actor?: string;
}

export type RegisterProgress =
  | { readonly step: 'check' }
  | { readonly step: 'open' }
  | { readonly step: 'upload'; readonly bytes: number; readonly totalBytes: number }
  | { readonly step: 'register' };

export interface RegisterModelDependencies {
  readonly artifacts: Pick<ArtifactStore, 'put'>;
  readonly registry: Pick<RegistryWriter, 'registerVersion'>;
  /**
   * What will open the model; one that it can never open is refused.
   * @default - any size is registered
   */
  readonly endpoint?: EndpointSize;
  /**
   * Tries whether the runtime opens the file; rejects when it does not.
   * @default - the file is registered by what it says of itself
   */
  readonly open?: (path: string) => Promise<unknown>;
  readonly onProgress?: (progress: RegisterProgress) => void;
}

/**
 * Makes an ONNX file, with the files beside it that hold its weights, the next version of a model. Everything that can be
 * wrong with the files or the names is found before the first byte is sent, so that a refusal leaves nothing behind. A
 * file that is stored already is not sent again.
 *
 * @returns the READY version
 * @throws InvalidInputError what `readModelOnDisk` refuses; `INVALID_MODEL_NAME`, `INVALID_ALIAS`, `DESCRIPTION_TOO_LARGE`,
 *   `MODEL_TOO_LARGE_FOR_ENDPOINT`, and what `open` refuses
 * @throws UnavailableError `ARTIFACT_UNAVAILABLE`, `REGISTRY_UNAVAILABLE`, `REGISTRY_BUSY`
 */
export async function registerModel(
  { path, model, alias, actor }: RegisterModelInput,
  { artifacts, registry, endpoint = {}, open, onProgress }: RegisterModelDependencies,
): Promise<ModelVersion> {
  onProgress?.({ step: 'check' });
  assertModelName(model);
  if (alias !== undefined) {
    assertAlias(alias);
  }
  const { artifact, description, files } = await readArtifact(path);
  assertDescriptionFits(description);
  const reason = misfit(artifact, endpoint);
  if (reason !== undefined) {
    throw new InvalidInputError('MODEL_TOO_LARGE_FOR_ENDPOINT', reason);
  }
  if (open !== undefined) {
    onProgress?.({ step: 'open' });
    await open(path);
  }

  const totalBytes = artifact.size;
  onProgress?.({ step: 'upload', bytes: 0, totalBytes });
  let before = 0;
  for (const file of files) {
    await artifacts.put(file.artifact, file.path, (sent) =>
      onProgress?.({ step: 'upload', bytes: before + sent, totalBytes }),
    );
    before += file.artifact.size;
  }

  onProgress?.({ step: 'register' });
  return registry.registerVersion({ model, artifact, description, alias, actor });
}
