import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '../../core/tensor/tensor.ts';
import { DEMO_FILE, DEMO_MODEL } from '../../local/demo-model.ts';
import { sampleInputs } from '../inference/requests.ts';
import { recurrentModel } from './recurrent-model.ts';

/** A model that servers are measured with. */
export interface ServedModel {
  readonly name: string;
  readonly file: string;
  /** Inputs with this many rows. */
  readonly inputs: (rows: number) => ReadonlyMap<string, Tensor>;
}

/** The model of the example: as small as models get, so that all that is measured is the server. */
export const TABULAR: ServedModel = { name: DEMO_MODEL, file: DEMO_FILE, inputs: sampleInputs };

/** One row takes about 10 ms on one core, 16 together a quarter of that each. */
const SLOW = { steps: 64, units: 960, scores: 8 };

/** @param quick a faster one, which shows that everything runs */
export async function slowModel(quick = false): Promise<ServedModel> {
  const size = quick ? { ...SLOW, units: 32 } : SLOW;
  const directory = join(tmpdir(), 'strata-bench-models');
  await mkdir(directory, { recursive: true });
  const file = join(directory, `lstm-${size.steps}-${size.units}.onnx`);
  await writeFile(file, recurrentModel(size));
  return { name: 'readings', file, inputs: readings };
}

function readings(rows: number): ReadonlyMap<string, Tensor> {
  const data = Float32Array.from(
    { length: rows * SLOW.steps },
    (_, i) => Math.round(1000 * Math.sin(i)) / 1000,
  );
  return new Map([['readings', { datatype: 'FP32', shape: [rows, SLOW.steps], data }]]);
}
