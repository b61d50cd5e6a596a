import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  describeModelFile,
  readModelOnDisk,
  takeWeightsIn,
} from '../../../../core/engine/describe-model-file.ts';
import { describeModel } from '../../../../core/onnx/describe-model.ts';
import { parseOnnx } from '../../../../core/onnx/onnx-file.ts';
import { separateWeights } from '../../../../core/onnx/write-external-data.ts';
import { writeOnnx } from '../../../../core/onnx/write-onnx.ts';
import { modelFile, modelPath } from '../../../support/models/model-file.ts';
import { transformer } from '../../../support/models/transformer.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'describe-'));
  mkdirSync(join(folder, 'model'));
  path = join(folder, 'model', 'model.onnx');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The model whose weights stand in `external_data.bin`, in a folder of its own. */
function separate(): string {
  copyFileSync(modelPath('external_data'), path);
  const weights = join(folder, 'model', 'external_data.bin');
  copyFileSync(modelPath('external_data').replace('.onnx', '.bin'), weights);
  return weights;
}

describe('a model file', () => {
  it('is described like its bytes when it stands alone', async () => {
    copyFileSync(modelPath('add_sub'), path);
    expect(await describeModelFile(path)).toEqual(describeModel(modelFile('add_sub')));
  });

  it('may have its weights in a file beside it', async () => {
    separate();
    expect(await describeModelFile(path)).toMatchObject({
      operators: ['MatMul'],
      inputs: [{ name: 'x', datatype: 'FP32' }],
    });
    expect(await readModelOnDisk(path)).toMatchObject({ weightFiles: ['external_data.bin'] });
  });

  it.each([
    ['is not there', (weights: string) => rmSync(weights), 'EXTERNAL_DATA_MISSING'],
    ['is too short', (weights: string) => truncateSync(weights, 3), 'EXTERNAL_DATA_MISSING'],
    [
      'is a folder',
      (weights: string) => {
        rmSync(weights);
        mkdirSync(weights);
      },
      'EXTERNAL_DATA_MISSING',
    ],
    [
      'is a link that leaves the folder',
      (weights: string) => {
        rmSync(weights);
        writeFileSync(join(folder, 'secret'), new Uint8Array(64));
        symlinkSync(join('..', 'secret'), weights);
      },
      'EXTERNAL_DATA_OUTSIDE',
    ],
  ])('is refused when the file with its weights %s', async (_what, spoil, code) => {
    spoil(separate());
    await expect(describeModelFile(path)).rejects.toMatchObject({ code });
  });

  it('may have its weights in a folder below, and behind a link that stays', async () => {
    const weights = separate();
    mkdirSync(join(folder, 'model', 'blobs'));
    copyFileSync(weights, join(folder, 'model', 'blobs', 'w'));
    rmSync(weights);
    symlinkSync(join('blobs', 'w'), weights);
    expect(await readModelOnDisk(path)).toMatchObject({ weightFiles: ['external_data.bin'] });
  });

  it('gets back the very weights that were moved out of it', async () => {
    const whole = parseOnnx(transformer());
    const moved = parseOnnx(transformer());
    const pieces = separateWeights(moved, 'model.onnx.data');
    writeFileSync(path, writeOnnx(moved));
    writeFileSync(join(folder, 'model', 'model.onnx.data'), Buffer.concat(pieces));

    const onDisk = await readModelOnDisk(path);
    expect(onDisk.weightFiles).toEqual(['model.onnx.data']);
    await takeWeightsIn(onDisk);
    expect(Buffer.compare(writeOnnx(onDisk.model), writeOnnx(whole))).toBe(0);
  });
});

describe('weights that are moved to a file', () => {
  it('begin at a page when they are large, and stay inside when they are small', () => {
    const model = parseOnnx(transformer());
    const size = separateWeights(model, 'w').reduce((sum, piece) => sum + piece.length, 0);
    const entries = model.graph.initializer.map(({ name, rawData, externalData }) => ({
      name,
      inside: rawData.length,
      ...Object.fromEntries(
        externalData.map(({ key, value }) => [key, key === 'location' ? value : Number(value)]),
      ),
    })) as { name: string; inside: number; location?: string; offset: number; length: number }[];
    const outside = entries.filter(({ location }) => location === 'w');
    expect(outside.length).toBeGreaterThan(10);
    for (const { offset, length } of outside) {
      expect(length).toBeGreaterThanOrEqual(1024);
      expect(offset % (length >= 65_536 ? 4096 : 64)).toBe(0);
      expect(offset + length).toBeLessThanOrEqual(size);
    }
    const sorted = [...outside].sort((a, b) => a.offset - b.offset);
    const overlapping = sorted.filter(({ offset }, index) => {
      const before = sorted[index - 1];
      return before !== undefined && offset < before.offset + before.length;
    });
    expect(overlapping).toEqual([]);
    expect(entries.find(({ name }) => name === 'l0_q_b')).toMatchObject({ inside: 256 });
  });
});
