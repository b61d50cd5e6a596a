import { realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { clearField } from '@bufbuild/protobuf';
import { InvalidInputError } from '../errors.ts';
import { descriptionOf } from '../onnx/describe-model.ts';
import { type ExternalData, externalDataOf, isExternal } from '../onnx/external-data.ts';
import type { ModelDescription } from '../onnx/model-description.ts';
import { partsOf } from '../onnx/model-parts.ts';
import { type OnnxModel, parseOnnx } from '../onnx/onnx-file.ts';
import { TensorProtoSchema } from '../onnx/schema/onnx_pb.ts';
import { readModelFile } from '../registry/model-file.ts';
import type { Artifact } from '../registry/model-version.ts';

/** A model on the disk, with the files that hold its weights. */
export interface ModelOnDisk {
  readonly path: string;
  readonly model: OnnxModel;
  readonly description: ModelDescription;
  /** The ONNX file itself: digest and size of the bytes that were read. */
  readonly file: Artifact;
  /** Files with weights beside the model, relative to its folder, sorted. */
  readonly weightFiles: readonly string[];
  /** Bytes of all files together. */
  readonly size: number;
}

/**
 * What `describeModel` says of a file, where the weights may stand in other files of the same folder.
 *
 * @throws InvalidInputError what `describeModel` refuses, and what `readModelOnDisk` refuses
 */
export async function describeModelFile(path: string): Promise<ModelDescription> {
  return (await readModelOnDisk(path)).description;
}

/**
 * Reads a model, and checks that the weights that stand outside are where it says.
 *
 * @throws InvalidInputError what `readModelFile` and `describeModel` refuse; `INVALID_EXTERNAL_DATA`;
 * `EXTERNAL_DATA_OUTSIDE` for a file that is not below the folder of the model, by its name or as a symbolic link;
 * `EXTERNAL_DATA_MISSING` for one that is not there or too short
 */
export async function readModelOnDisk(path: string): Promise<ModelOnDisk> {
  const { artifact, bytes } = await readModelFile(path);
  const model = parseOnnx(bytes);
  const description = descriptionOf(model);
  const sizes = new Map<string, number>();
  const folder = await realpath(dirname(path));
  for (const tensor of partsOf(model).tensors.filter(isExternal)) {
    const data = externalDataOf(tensor);
    const size = sizes.get(data.location) ?? (await sizeBelow(folder, data.location));
    sizes.set(data.location, size);
    if (endOf(data) > size) throw tooShort(data, size);
  }
  return {
    path,
    file: artifact,
    model,
    description,
    weightFiles: [...sizes.keys()].sort(),
    size: [...sizes.values()].reduce((sum, size) => sum + size, bytes.length),
  };
}

/**
 * Takes all weights into the model, so that it can be changed.
 *
 * @param onDisk its model is changed
 * @throws InvalidInputError what `readModelFile` refuses
 */
export async function takeWeightsIn({ path, model, weightFiles }: ModelOnDisk): Promise<void> {
  const files = new Map<string, Uint8Array>();
  for (const name of weightFiles) files.set(name, (await readModelFile(join(dirname(path), name))).bytes);
  for (const tensor of partsOf(model).tensors.filter(isExternal)) {
    const { location, offset, length } = externalDataOf(tensor);
    const file = files.get(location) as Uint8Array;
    tensor.rawData = file.subarray(offset, length === undefined ? file.length : offset + length);
    tensor.externalData = [];
    clearField(tensor, TensorProtoSchema.field.dataLocation);
  }
}

async function sizeBelow(folder: string, location: string): Promise<number> {
  const real = await realpath(join(folder, location)).catch((cause: unknown) => {
    throw missing(`There is no file ${location} beside the model, which holds weights of it`, cause);
  });
  if (relative(folder, real).split(sep)[0] === '..') {
    throw new InvalidInputError(
      'EXTERNAL_DATA_OUTSIDE',
      `${location} is a link to a file outside the folder of the model. Copy the file into the folder.`,
    );
  }
  const stats = await stat(real);
  if (!stats.isFile()) throw missing(`${location}, which should hold weights of the model, is not a file`);
  return stats.size;
}

function endOf({ offset, length }: ExternalData): number {
  return offset + (length ?? 0);
}

function tooShort(data: ExternalData, size: number): InvalidInputError {
  return missing(
    `${data.location} has ${size} bytes, and the model has weights at ${data.offset} to ${endOf(data)} of it`,
  );
}

function missing(what: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(
    'EXTERNAL_DATA_MISSING',
    `${what}. Keep the model and its files together as they were saved.`,
    { cause },
  );
}
