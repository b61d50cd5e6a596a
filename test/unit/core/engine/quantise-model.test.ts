import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeModelFile } from '../../../../core/engine/describe-model-file.ts';
import { optimiseModel } from '../../../../core/engine/optimise-model.ts';
import { type QuantiseInput, quantiseModel } from '../../../../core/engine/quantise-model.ts';
import { describeModel } from '../../../../core/onnx/describe-model.ts';
import { TensorProto_DataType as Type } from '../../../../core/onnx/schema/onnx_pb.ts';
import { floats, model, node, value, weights } from '../../../support/models/graph-building.ts';
import { modelPath } from '../../../support/models/model-file.ts';
import { transformer } from '../../../support/models/transformer.ts';

vi.setConfig({ testTimeout: 60_000 });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quantise-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(bytes: Uint8Array): string {
  const path = join(folder, 'original.onnx');
  writeFileSync(path, bytes);
  return path;
}

const quantise = (path: string, more: Partial<QuantiseInput> = {}) =>
  quantiseModel({ path, output: join(folder, 'out', 'quantised.onnx'), repetitions: 0, ...more });

const AXIS = [
  { name: 'axis', type: 2, i: 1n },
  { name: 'keepdims', type: 2, i: 0n },
];

/** The largest of many sums: two of them are rarely close. */
function classifier(): Uint8Array {
  return model({
    input: [value('x', Type.FLOAT, ['n', 64])],
    output: [value('label', Type.INT64, ['n'])],
    initializer: [weights('w', [64, 32])],
    node: [node('MatMul', ['x', 'w'], 'scores'), node('ArgMax', ['scores'], 'label', AXIS)],
  });
}

/** Two products whose small difference is the answer: rounding is all that is left of it. */
function fragile(end: 'Identity' | 'ArgMax' = 'Identity'): Uint8Array {
  const random = weights('w', [64, 32]);
  const one = new Float32Array(Uint8Array.from(random.rawData ?? []).buffer);
  const other = one.map((each, at) => each + 1e-4 * Math.sin(at));
  return model({
    input: [value('x', Type.FLOAT, ['n', 64])],
    output: [end === 'ArgMax' ? value('y', Type.INT64, ['n']) : value('y', Type.FLOAT, ['n', 32])],
    initializer: [floats('a', [64, 32], one), floats('b', [64, 32], other)],
    node: [
      node('MatMul', ['x', 'a'], 'xa'),
      node('MatMul', ['x', 'b'], 'xb'),
      node('Sub', ['xb', 'xa'], 'd'),
      node(end, ['d'], 'y', end === 'ArgMax' ? AXIS : []),
    ],
  });
}

describe('a quantised model', () => {
  it('is a quarter of the size, close to the original, and keeps inputs and outputs', async () => {
    const path = write(transformer());
    const report = await quantise(path);
    expect(report.file.size).toBeLessThan(0.3 * report.originalSize);
    expect(report.difference.minCosine).toBeGreaterThan(0.999);
    expect(report.difference.maxAbsolute).toBeGreaterThan(0);
    expect(report.quantised).toHaveLength(13);
    const written = readFileSync(join(folder, 'out', 'quantised.onnx'));
    expect(written.length).toBe(report.file.size);
    const [before, after] = [describeModel(readFileSync(path)), describeModel(written)];
    expect([after.inputs, after.outputs]).toEqual([before.inputs, before.outputs]);
  });

  it('can be optimised in turn, and then takes one operator for each product', async () => {
    const report = await quantise(write(transformer()));
    const output = join(folder, 'out', report.file.name);
    const optimised = await optimiseModel({ path: output, directory: join(folder, 'both'), repetitions: 0 });
    expect(optimised.steps.map(({ applied }) => applied)).toEqual([true, true]);
    const { operators } = await describeModelFile(join(folder, 'both', 'model.onnx'));
    expect(operators).toContain('com.microsoft::DynamicQuantizeMatMul');
  });

  it('takes weights that stand beside the original, and is one file itself', async () => {
    const path = write(transformer());
    const { directory } = await optimiseModel({ path, directory: join(folder, 'split'), repetitions: 0 });
    const report = await quantise(join(directory, 'model.onnx'));
    expect(report.file.size).toBeLessThan(200_000);
    expect((await quantise(path)).difference.minCosine).toBeCloseTo(report.difference.minCosine, 3);
  });

  it('says how many labels stay the same', async () => {
    const { difference } = await quantise(write(classifier()));
    expect(difference.equalShare).toBeGreaterThan(0.99);
    expect(difference).toMatchObject({ maxAbsolute: 0, minCosine: 1 });
  });

  it('is less exact with 7 bits', async () => {
    const path = write(transformer());
    const [eight, seven] = [await quantise(path), await quantise(path, { bits: 7 })];
    expect(seven.difference.minCosine).toBeLessThan(eight.difference.minCosine);
    expect(seven.difference.minCosine).toBeGreaterThan(0.99);
  });
});

describe('quantising refuses, and writes nothing', () => {
  it.each([
    ['a model that becomes another', () => fragile(), {}, /cosine of an output/],
    [
      'a number that is too far off',
      transformer,
      { maxDifference: 1e-6 },
      /a number differs by 0\.\d+, more than 0\.000001/,
    ],
    ['labels that change', () => fragile('ArgMax'), {}, /% of the labels are the same, less than 99 %/],
  ] as const)('%s', async (_what, make, limits, message) => {
    await expect(quantise(write(make()), limits)).rejects.toMatchObject({
      code: 'QUANTISED_TOO_FAR',
      message: expect.stringMatching(message),
    });
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });

  it('a model without products and tables', async () => {
    await expect(quantise(modelPath('add_sub'))).rejects.toMatchObject({ code: 'NOTHING_TO_QUANTISE' });
  });

  it('to replace the original', async () => {
    const path = write(transformer());
    await expect(quantise(path, { output: path })).rejects.toMatchObject({ code: 'OUTPUT_IS_INPUT' });
  });

  it('given inputs that the model does not take', async () => {
    const tokens = { datatype: 'INT64' as const, shape: [1, 1], data: BigInt64Array.of(10_000n) };
    await expect(
      quantise(write(transformer()), { inputs: [new Map([['tokens', tokens]])] }),
    ).rejects.toMatchObject({ code: 'INFERENCE_FAILED' });
  });
});
