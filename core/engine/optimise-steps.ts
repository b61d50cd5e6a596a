import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseOnnx } from '../onnx/onnx-file.ts';
import { keepInterface } from '../onnx/optimise-interface.ts';
import { separateWeights } from '../onnx/write-external-data.ts';
import { writeOnnx } from '../onnx/write-onnx.ts';
import { type ModelOnDisk, readModelOnDisk, takeWeightsIn } from './describe-model-file.ts';
import { MODEL_FILE, WEIGHTS_FILE } from './model-folder.ts';
import { openModel } from './open-model.ts';

/** One change of a model that keeps its results. */
export interface OptimiseStep {
  readonly name: 'optimise-graph' | 'separate-weights';
  /**
   * Writes the changed model to a new folder.
   *
   * @returns its path; undefined when there is nothing to change
   */
  readonly apply: (model: ModelOnDisk, folder: string) => Promise<string | undefined>;
}

export const OPTIMISE_STEPS: readonly OptimiseStep[] = [
  { name: 'optimise-graph', apply: optimiseGraph },
  { name: 'separate-weights', apply: separateWeightsOf },
];

/**
 * onnxruntime's optimiser at level 'extended': constants folded, operators fused. The level above lays weights out for
 * the processor at hand, and such a file is silently wrong on another; sessions apply it when they open the model.
 *
 * The runtime could write the weights to a file of their own as well. It then writes those inside branches twice, and
 * cannot open the result (onnxruntime 1.30: "initializer name is not unique"); so that is a step of its own.
 */
async function optimiseGraph(onDisk: ModelOnDisk, folder: string): Promise<string> {
  await mkdir(folder);
  const saved = join(folder, MODEL_FILE);
  const { session } = await openModel(
    await inOneFile(onDisk, folder),
    { threads: 1 },
    { graphOptimizationLevel: 'extended', optimizedModelFilePath: saved },
  );
  await session.release();
  const optimised = parseOnnx(await readFile(saved));
  keepInterface(onDisk.model, optimised);
  await writeFile(saved, writeOnnx(optimised));
  return saved;
}

/** What the runtime writes refers to weights outside by their relative names, and stands in another folder. */
async function inOneFile(onDisk: ModelOnDisk, folder: string): Promise<string> {
  if (onDisk.weightFiles.length === 0) return onDisk.path;
  const whole = await readModelOnDisk(onDisk.path);
  await takeWeightsIn(whole);
  const path = join(folder, 'whole.onnx');
  await writeFile(path, writeOnnx(whole.model));
  return path;
}

async function separateWeightsOf({ path }: ModelOnDisk, folder: string): Promise<string | undefined> {
  const onDisk = await readModelOnDisk(path);
  await takeWeightsIn(onDisk);
  const pieces = separateWeights(onDisk.model, WEIGHTS_FILE);
  if (pieces.length === 0) return undefined;
  await mkdir(folder);
  await using weights = await open(join(folder, WEIGHTS_FILE), 'w');
  await weights.writeFile(pieces);
  const saved = join(folder, MODEL_FILE);
  await writeFile(saved, writeOnnx(onDisk.model));
  return saved;
}
