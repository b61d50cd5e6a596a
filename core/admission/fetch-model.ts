import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { EndpointSize } from '../engine/model-fit.ts';
import { misfit } from '../engine/model-fit.ts';
import { InvalidInputError } from '../errors.ts';
import { externalDataOf, isExternal } from '../onnx/external-data.ts';
import { partsOf } from '../onnx/model-parts.ts';
import { parseOnnx } from '../onnx/onnx-file.ts';
import { readModelFile } from '../registry/model-file.ts';
import { findModel } from './find-model.ts';
import { GOLDEN_FILE, type GoldenSamples, MAX_GOLDEN_BYTES, readGolden } from './golden-samples.ts';
import type { VersionFile, VersionFiles } from './version-files.ts';

/** A model on the local disk, with the weights beside it. */
export interface FetchedModel {
  readonly path: string;
  readonly golden?: GoldenSamples;
}

/**
 * Brings the ONNX file of a version to a folder, with those files beside it that hold its weights, and no others. Bytes
 * go from the store to the disk piece by piece.
 *
 * @throws InvalidInputError what `findModel`, `readModelFile` and `readGolden` refuse; `EXTERNAL_DATA_OUTSIDE`,
 * `MODEL_TOO_LARGE_FOR_ENDPOINT`
 */
export async function fetchModel(
  storage: string | undefined,
  folder: string,
  { files, endpoint }: { readonly files: VersionFiles; readonly endpoint: EndpointSize },
): Promise<FetchedModel> {
  const listed = await files.list(storage);
  const model = findModel(listed);
  const home = posix.dirname(model);
  const beside = (name: string) => (home === '.' ? name : posix.join(home, name));
  const size = (name: string) => listed.find((file) => file.name === name)?.size;
  const fetch = async (name: string, target: string) => {
    await mkdir(dirname(target), { recursive: true });
    await pipeline(await files.open(storage, name), createWriteStream(target, { flags: 'wx' }));
  };
  // Before a byte is fetched: what can never be opened need not be.
  refuseTooLarge([{ name: 'model.onnx', size: size(model) ?? 0 }], endpoint);
  const path = join(folder, 'model.onnx');
  await fetch(model, path);
  const weights = (await weightFiles(path)).map((name) => ({ name, size: size(beside(name)) }));
  const there = weights.filter((file): file is VersionFile => file.size !== undefined);
  refuseTooLarge([{ name: 'model.onnx', size: size(model) ?? 0 }, ...there], endpoint);
  // One that is missing is told of by whoever reads the model.
  for (const { name } of there) await fetch(beside(name), join(folder, name));
  const golden = await goldenOf(storage, { files, listed, name: beside(GOLDEN_FILE) });
  return { path, ...(golden && { golden }) };
}

/** Files with weights, as the model names them. */
async function weightFiles(path: string): Promise<string[]> {
  const { bytes } = await readModelFile(path);
  const outside = partsOf(parseOnnx(bytes)).tensors.filter(isExternal);
  return [...new Set(outside.map((tensor) => externalDataOf(tensor).location))];
}

function refuseTooLarge(parts: readonly VersionFile[], endpoint: EndpointSize): void {
  const sized = parts.map((part) => ({ ...part, digest: '' }));
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const reason = misfit({ size, files: sized }, endpoint);
  if (reason !== undefined) throw new InvalidInputError('MODEL_TOO_LARGE_FOR_ENDPOINT', reason);
}

async function goldenOf(
  storage: string | undefined,
  at: { readonly files: VersionFiles; readonly listed: readonly VersionFile[]; readonly name: string },
): Promise<GoldenSamples | undefined> {
  const file = at.listed.find(({ name }) => name === at.name);
  if (file === undefined) return undefined;
  if (file.size > MAX_GOLDEN_BYTES) {
    throw new InvalidInputError(
      'INVALID_GOLDEN',
      `${GOLDEN_FILE} has ${file.size} bytes, at most ${MAX_GOLDEN_BYTES} are read. Keep fewer samples.`,
    );
  }
  return readGolden(await text(await at.files.open(storage, file.name)));
}
