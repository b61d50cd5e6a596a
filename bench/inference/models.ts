import { mkdir, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '../../core/tensor/tensor.ts';
import { denseModel } from './dense-model.ts';
import { sampleInputs } from './requests.ts';

/** A model that is measured. */
export interface BenchModel {
  readonly name: string;
  readonly file: string;
  /** Inputs with this many rows. */
  readonly inputs: (rows: number) => Map<string, Tensor>;
}

/** Columns of the input of each generated model, and of what follows. */
const WIDTHS: Readonly<Record<string, readonly [number, ...number[]]>> = {
  /** As small as models get with one input: scoring ten features. */
  'ten-features': [10, 16, 1],
  /** One to two milliseconds for 64 rows on one processor. */
  'wide-layers': [128, 1024, 1024, 1024, 10],
};

/**
 * The model of the example, and generated ones.
 * @param demoFile the example's model
 */
export async function benchModels(demoFile: string): Promise<BenchModel[]> {
  const directory = join(tmpdir(), 'strata-bench-models');
  await mkdir(directory, { recursive: true });
  const generated = Object.entries(WIDTHS).map(async ([name, widths]) => {
    const file = join(directory, `${widths.join('-')}.onnx`);
    await replaceFile(file, denseModel(widths));
    return { name, file, inputs: (rows: number) => features(rows, widths[0]) };
  });
  return [{ name: 'penguins', file: demoFile, inputs: sampleInputs }, ...(await Promise.all(generated))];
}

/** Another process may be reading the file: it sees all of one writing or of the other. */
async function replaceFile(file: string, bytes: Uint8Array): Promise<void> {
  const written = `${file}.${process.pid}`;
  await writeFile(written, bytes);
  await rename(written, file);
}

function features(rows: number, columns: number): Map<string, Tensor> {
  const data = Float32Array.from(
    { length: rows * columns },
    (_, i) => Math.round(((i * 7919) % 1000) - 500) / 100,
  );
  return new Map([['features', { datatype: 'FP32', shape: [rows, columns], data }]]);
}
