import { dirname, join } from 'node:path';
import { readModelOnDisk } from '../engine/describe-model-file.ts';
import { fileDigest, MODEL_FILE } from '../engine/model-folder.ts';
import type { ModelDescription } from '../onnx/model-description.ts';
import { folderDigest } from './folder-digest.ts';
import type { Artifact } from './model-version.ts';

/** A model with all its files, as they are to be stored. */
export interface ReadArtifact {
  readonly artifact: Artifact;
  readonly description: ModelDescription;
  /** What to store: the weights first, since a model without them is none. */
  readonly files: readonly { readonly artifact: Artifact; readonly path: string }[];
}

/**
 * Reads a model, and the files beside it that hold its weights.
 *
 * @throws InvalidInputError what `readModelOnDisk` refuses
 */
export async function readArtifact(path: string): Promise<ReadArtifact> {
  const { file, description, weightFiles, size } = await readModelOnDisk(path);
  if (weightFiles.length === 0) return { artifact: file, description, files: [{ artifact: file, path }] };
  const folder = dirname(path);
  const weights = await Promise.all(weightFiles.map((name) => fileDigest(folder, name)));
  const all = [...weights, { ...file, name: MODEL_FILE }];
  return {
    artifact: { digest: folderDigest(all), size, files: all },
    description,
    files: [
      ...weights.map(({ name, ...artifact }) => ({ artifact, path: join(folder, name) })),
      { artifact: file, path },
    ],
  };
}
