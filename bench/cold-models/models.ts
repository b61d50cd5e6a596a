import { createHash } from 'node:crypto';
import { existsSync, globSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import { describeModelFile } from '../../core/engine/describe-model-file.ts';
import { optimiseModel } from '../../core/engine/optimise-model.ts';
import type { ModelVersion } from '../../core/registry/model-version.ts';
import type { Tensor } from '../../core/tensor/tensor.ts';
import { CACHE, PROJECT } from '../../local/project.ts';
import { mobilenet } from './mobilenet.ts';
import { perceptron } from './perceptron.ts';
import { resnet } from './resnet.ts';
import { transformer } from './transformer.ts';
import { visionTransformer } from './vision-transformer.ts';

/** A model that is written when it is first needed. */
export interface ColdModel {
  readonly name: string;
  readonly write: () => Uint8Array;
  readonly inputs: ReadonlyMap<string, Tensor>;
}

/** Paths of what was written. */
export interface ModelFiles {
  /** As it was exported: one file. */
  readonly exported: string;
  /** As `strata optimise` leaves it; beside it `version.json`, what a registry would say of it. */
  readonly optimised: string;
  /** What the model is asked: a map of tensors, as `v8.serialize` writes it. */
  readonly inputs: string;
}

const MODELS = join(CACHE, 'bench', 'models');

/** Tokens of a sentence or two. */
const TOKENS = 32;
const PICTURE: Tensor = tensorOf([1, 3, 224, 224], (place) => Math.sin(place / 97));

export const PERCEPTRON: ColdModel = {
  name: 'perceptron, 1.6 MB',
  write: perceptron,
  inputs: new Map([['features', tensorOf([1, 256], (place) => Math.sin(place))]]),
};
export const MOBILENET: ColdModel = {
  name: 'MobileNetV2, 14 MB',
  write: mobilenet,
  inputs: new Map([['image', PICTURE]]),
};
export const VISION_TRANSFORMER: ColdModel = {
  name: 'vision transformer, 53 MB',
  write: visionTransformer,
  inputs: new Map([['image', PICTURE]]),
};
export const TRANSFORMER: ColdModel = {
  name: 'transformer, 90 MB',
  write: transformer,
  inputs: new Map([
    ['input_ids', tokens((place) => 100 + ((place * 7919) % 30_000))],
    ['attention_mask', tokens(() => 1)],
    ['token_type_ids', tokens(() => 0)],
  ]),
};
export const RESNET: ColdModel = {
  name: 'ResNet-50, 102 MB',
  write: resnet,
  inputs: new Map([['image', PICTURE]]),
};

/** Writes a model, and the same one optimised, below `.cache/`, once for each state of the sources that they come from. */
export async function modelFiles({ name, write, inputs }: ColdModel): Promise<ModelFiles> {
  const digest = await digestOfSources();
  const folder = join(MODELS, digest, name.replaceAll(/[^\w.]+/g, '-'));
  if (!existsSync(folder)) {
    await forgetOthers(digest);
    await makeFiles(folder, write, inputs);
  }
  return {
    exported: join(folder, 'exported.onnx'),
    optimised: join(folder, 'optimised', 'model.onnx'),
    inputs: join(folder, 'inputs'),
  };
}

/** Those of earlier sources: half a gigabyte each time. */
async function forgetOthers(digest: string): Promise<void> {
  const kept = existsSync(MODELS) ? await readdir(MODELS) : [];
  const others = kept.filter((name) => name !== digest);
  await Promise.all(others.map((name) => rm(join(MODELS, name), { recursive: true })));
}

async function makeFiles(
  folder: string,
  write: () => Uint8Array,
  inputs: ReadonlyMap<string, Tensor>,
): Promise<void> {
  const partial = `${folder}.part`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const path = join(partial, 'exported.onnx');
  await writeFile(path, write());
  await writeFile(join(partial, 'inputs'), serialize(inputs));
  const directory = join(partial, 'optimised');
  const { steps, files, digest, size } = await optimiseModel({
    path,
    directory,
    inputs: [inputs],
    repetitions: 0,
  });
  const left = steps.find(({ applied }) => !applied);
  if (left) throw new Error(`${folder}: ${left.step} was left out: ${left.reason}`);
  const version: ModelVersion = {
    model: 'cold',
    version: '1',
    status: 'READY',
    artifact: { digest, size, files },
    description: await describeModelFile(join(directory, 'model.onnx')),
    createdAt: new Date().toISOString(),
  };
  await writeFile(join(directory, 'version.json'), JSON.stringify(version));
  await rename(partial, folder);
}

/** Of everything that the files depend on. */
async function digestOfSources(): Promise<string> {
  const sources = globSync(['bench/cold-models/*.ts', 'core/engine/optimise-*.ts', 'core/onnx/*.ts'], {
    cwd: PROJECT,
  });
  const hash = createHash('sha256');
  for (const source of [...sources.sort(), 'node_modules/onnxruntime-node/package.json'])
    hash.update(await readFile(join(PROJECT, source)));
  return hash.digest('hex').slice(0, 12);
}

function tensorOf(shape: readonly number[], value: (place: number) => number): Tensor {
  const length = shape.reduce((product, each) => product * each, 1);
  return { datatype: 'FP32', shape, data: Float32Array.from({ length }, (_, place) => value(place)) };
}

function tokens(value: (place: number) => number): Tensor {
  const data = BigInt64Array.from({ length: TOKENS }, (_, place) => BigInt(value(place)));
  return { datatype: 'INT64', shape: [1, TOKENS], data };
}
