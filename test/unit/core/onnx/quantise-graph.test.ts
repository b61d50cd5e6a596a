import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { sessionOptions } from '../../../../core/engine/session-options.ts';
import { descriptionOf } from '../../../../core/onnx/describe-model.ts';
import { partsOf } from '../../../../core/onnx/model-parts.ts';
import { parseOnnx } from '../../../../core/onnx/onnx-file.ts';
import { type QuantiseOptions, quantiseGraph } from '../../../../core/onnx/quantise-graph.ts';
import { TensorProto_DataType as Type } from '../../../../core/onnx/schema/onnx_pb.ts';
import { writeOnnx } from '../../../../core/onnx/write-onnx.ts';
import {
  float,
  graph,
  int,
  integers,
  model,
  node,
  value,
  weights,
} from '../../../support/models/graph-building.ts';
import { transformer } from '../../../support/models/transformer.ts';

process.env['ORT_DISABLE_TELEMETRY'] = '1';

function quantised(bytes: Uint8Array, options?: QuantiseOptions) {
  const changed = parseOnnx(bytes);
  const result = quantiseGraph(changed, options);
  return {
    ...result,
    bytes: writeOnnx(changed),
    operators: partsOf(changed).nodes.map(({ opType }) => opType),
  };
}

async function run(bytes: Uint8Array, feeds: Record<string, Tensor>): Promise<Float32Array> {
  const session = await InferenceSession.create(bytes, sessionOptions({ threads: 1 }));
  const results = await session.run(feeds);
  await session.release();
  return results[session.outputNames[0] as string]?.data as Float32Array;
}

/** Largest distance, relative to the largest expected value. */
function distance(expected: Float32Array, actual: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  const largest = expected.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  return (
    expected.reduce((most, each, at) => Math.max(most, Math.abs(each - (actual[at] as number))), 0) / largest
  );
}

const rows = (count: number, columns: number) =>
  new Tensor(
    'float32',
    Float32Array.from({ length: count * columns }, (_, at) => Math.sin(at + 1)),
    [count, columns],
  );

const ROWS = value('x', Type.FLOAT, ['n', 64]);

function gemm(attributes: Parameters<typeof node>[3], weight: [number, number], bias = true) {
  return model({
    input: [ROWS],
    output: [value('y', Type.FLOAT, ['n', 32])],
    initializer: [weights('w', weight, 0.1), weights('b', [32], 1)],
    node: [node('Gemm', bias ? ['x', 'w', 'b'] : ['x', 'w'], 'y', attributes)],
  });
}

const PRODUCT = { input: [ROWS], output: [value('y', Type.FLOAT, ['n', 32])] };

describe('quantising a graph', () => {
  it('multiplies integers where there was a product by a constant matrix', async () => {
    const original = model({
      ...PRODUCT,
      initializer: [weights('w', [64, 32])],
      node: [node('MatMul', ['x', 'w'], 'y')],
    });
    const { bytes, operators, quantised: uses } = quantised(original);
    expect(uses).toEqual([{ weight: 'w', operator: 'MatMul "MatMul_y"' }]);
    expect(operators).toEqual(['DynamicQuantizeLinear', 'MatMulInteger', 'Cast', 'Mul', 'Mul']);
    const x = rows(5, 64);
    expect(distance(await run(original, { x }), await run(bytes, { x }))).toBeLessThan(0.02);
  });

  it('is recognised by the runtime, which runs each product as one operator', async () => {
    const { bytes } = quantised(transformer());
    const folder = mkdtempSync(join(tmpdir(), 'fused-'));
    const optimizedModelFilePath = join(folder, 'fused.onnx');
    const options = { ...sessionOptions({ threads: 1 }), graphOptimizationLevel: 'extended' as const };
    await (await InferenceSession.create(bytes, { ...options, optimizedModelFilePath })).release();
    const { operators } = descriptionOf(parseOnnx(readFileSync(optimizedModelFilePath)));
    rmSync(folder, { recursive: true });
    expect(operators.filter((name) => /Quantize|Integer/.test(name))).toEqual(
      expect.arrayContaining(['com.microsoft::DynamicQuantizeMatMul']),
    );
    expect(operators).not.toContain('MatMulInteger');
  });

  it.each([
    ['as it is', [], [64, 32], true],
    ['with rows for columns', [int('transB', 1)], [32, 64], true],
    ['without a bias', [int('transB', 1), float('beta', 0.5)], [32, 64], false],
  ] as const)('takes a Gemm %s', async (_name, attributes, weight, bias) => {
    const original = gemm([...attributes], [...weight], bias);
    const { bytes, operators } = quantised(original);
    expect(operators).toContain('MatMulInteger');
    const x = rows(3, 64);
    expect(distance(await run(original, { x }), await run(bytes, { x }))).toBeLessThan(0.02);
  });

  it.each([
    ['a factor', [float('alpha', 0.5)], true],
    ['a factor of its bias', [float('beta', 2)], true],
  ] as const)('leaves a Gemm alone that has %s', (_name, attributes, bias) => {
    expect(() => quantised(gemm([...attributes], [64, 32], bias))).toThrow(
      expect.objectContaining({ code: 'NOTHING_TO_QUANTISE' }),
    );
  });

  it('reads integers where there was a table', async () => {
    const original = model({
      input: [value('i', Type.INT64, ['n'])],
      output: [value('y', Type.FLOAT, ['n', 16])],
      initializer: [weights('t', [100, 16], 1)],
      node: [node('Gather', ['t', 'i'], 'y', [int('axis', 0)])],
    });
    const { bytes, operators } = quantised(original);
    expect(operators).toEqual(['Gather', 'DequantizeLinear']);
    const i = new Tensor('int64', BigInt64Array.of(0n, 99n, 5n), [3]);
    expect(distance(await run(original, { i }), await run(bytes, { i }))).toBeLessThan(0.02);
  });

  it('quantises a weight and an input once for all that use them', () => {
    const original = model({
      ...PRODUCT,
      initializer: [weights('w', [64, 32])],
      node: [node('MatMul', ['x', 'w'], 'a'), node('MatMul', ['x', 'w'], 'b'), node('Add', ['a', 'b'], 'y')],
    });
    const { bytes, operators } = quantised(original);
    expect(operators.filter((name) => name === 'DynamicQuantizeLinear')).toHaveLength(1);
    expect(parseOnnx(bytes).graph.initializer.map(({ name }) => name)).toEqual(['w_integers', 'w_scale']);
  });

  it('finds weights in Constant nodes, and of outer graphs in branches', async () => {
    const branch = (name: string, weight: string) => ({
      name,
      output: [value(`${name}_y`, Type.FLOAT, ['n', 32])],
      node: [node('MatMul', ['x', weight], `${name}_y`)],
    });
    const original = model({
      input: [ROWS, value('flag', Type.BOOL, [])],
      output: [value('y', Type.FLOAT, ['n', 32])],
      initializer: [weights('w', [64, 32])],
      node: [
        { ...node('Constant', [], 'c', [{ name: 'value', type: 4, t: weights('c', [64, 32]) }]) },
        node('If', ['flag'], 'y', [
          graph('then_branch', branch('yes', 'w')),
          graph('else_branch', branch('no', 'c')),
        ]),
      ],
    });
    const { bytes, quantised: uses, operators } = quantised(original);
    expect(uses.map(({ weight }) => weight).sort()).toEqual(['c', 'w']);
    expect(operators).not.toContain('Constant');
    const x = rows(2, 64);
    for (const flag of [true, false]) {
      const feeds = { x, flag: new Tensor('bool', [flag], []) };
      expect(distance(await run(original, feeds), await run(bytes, feeds))).toBeLessThan(0.02);
    }
  });

  it('does not take for a constant what a branch hides, or a caller may replace', () => {
    const hidden = model({
      input: [ROWS, value('flag', Type.BOOL, []), value('d', Type.FLOAT, [64, 32])],
      output: [value('y', Type.FLOAT, ['n', 32])],
      initializer: [weights('w', [64, 32]), weights('d', [64, 32])],
      node: [
        node(
          'If',
          ['flag'],
          'z',
          ['then_branch', 'else_branch'].map((name) =>
            graph(name, {
              name,
              output: [value(`${name}_y`, Type.FLOAT, ['n', 32])],
              node: [node('Mul', ['d', 'd'], 'v'), node('MatMul', ['x', 'v'], `${name}_y`)],
            }),
          ),
        ),
        node('MatMul', ['x', 'd'], 'p'),
        node('Add', ['z', 'p'], 'y'),
      ],
    });
    expect(() => quantised(hidden)).toThrow(expect.objectContaining({ code: 'NOTHING_TO_QUANTISE' }));
  });

  it('keeps weights that it is told to keep, that are small or of another type, and says why', () => {
    const original = model({
      ...PRODUCT,
      output: [value('y', Type.FLOAT, ['n', 4])],
      initializer: [weights('a', [64, 64]), weights('b', [64, 64]), weights('c', [64, 4])],
      node: [
        node('MatMul', ['x', 'a'], 'xa'),
        node('MatMul', ['xa', 'b'], 'xb'),
        node('MatMul', ['xb', 'c'], 'y'),
      ],
    });
    const { quantised: uses, kept } = quantised(original, { keep: new Set(['a']) });
    expect(uses.map(({ weight }) => weight)).toEqual(['b']);
    expect(kept).toEqual([
      { weight: 'a', operator: 'MatMul "MatMul_xa"', reason: 'it is to be kept' },
      {
        weight: 'c',
        operator: 'MatMul "MatMul_y"',
        reason: 'it has 256 values; below 1024 nothing is gained',
      },
    ]);
  });

  it('refuses to keep what is not there, and says what is', () => {
    const original = model({
      ...PRODUCT,
      output: [value('y', Type.FLOAT, ['n', 64])],
      initializer: [weights('a', [64, 64])],
      node: [node('MatMul', ['x', 'a'], 'y')],
    });
    expect(() => quantised(original, { keep: new Set(['a', 'A']) })).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_WEIGHT',
        message: expect.stringMatching(/no weight A .*: a\.$/),
      }),
    );
  });

  it('stays within 7 bits when told so, and differs more', async () => {
    const original = model({
      ...PRODUCT,
      initializer: [weights('w', [64, 32])],
      node: [node('MatMul', ['x', 'w'], 'y')],
    });
    const { bytes } = quantised(original, { bits: 7 });
    const [integer] = parseOnnx(bytes).graph.initializer;
    const values = new Int8Array(Uint8Array.from(integer?.rawData ?? []).buffer);
    expect(Math.max(...values.map(Math.abs))).toBe(64);
    const x = rows(5, 64);
    expect(distance(await run(original, { x }), await run(bytes, { x }))).toBeLessThan(0.04);
  });

  it('takes a model of IR version 3, whose weights are inputs', async () => {
    const original = model(
      {
        input: [ROWS, value('w', Type.FLOAT, [64, 32])],
        output: [value('y', Type.FLOAT, ['n', 32])],
        initializer: [weights('w', [64, 32])],
        node: [node('MatMul', ['x', 'w'], 'y')],
      },
      { irVersion: 3, opset: 11 },
    );
    const x = rows(1, 64);
    expect(distance(await run(original, { x }), await run(quantised(original).bytes, { x }))).toBeLessThan(
      0.02,
    );
  });

  it('refuses an operator set that lacks the operators', () => {
    const original = model(
      { ...PRODUCT, initializer: [weights('w', [64, 32])], node: [node('MatMul', ['x', 'w'], 'y')] },
      { opset: 10 },
    );
    expect(() => quantised(original)).toThrow(expect.objectContaining({ code: 'QUANTISE_OPSET' }));
  });

  it('keeps inputs and outputs, stays valid, and close, for any stack of layers', async () => {
    const layers = fc.array(
      fc.record({
        width: fc.integer({ min: 4, max: 80 }),
        operator: fc.constantFrom('MatMul', 'Gemm', 'Gemm transposed'),
        activation: fc.constantFrom('Relu', 'Tanh', 'Identity'),
      }),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(layers, fc.integer({ min: 1, max: 5 }), async (stack, count) => {
        let width = 64;
        const initializer = [integers('unused', [1])];
        const nodes = stack.flatMap(({ width: next, operator, activation }, layer) => {
          const transposed = operator === 'Gemm transposed';
          initializer.push(
            weights(`w${layer}`, transposed ? [next, width] : [width, next], 1 / Math.sqrt(width)),
            weights(`b${layer}`, [next], 0.1),
          );
          width = next;
          const input = layer === 0 ? 'x' : `h${layer}`;
          const product =
            operator === 'MatMul'
              ? node('MatMul', [input, `w${layer}`], `p${layer}`)
              : node('Gemm', [input, `w${layer}`, `b${layer}`], `p${layer}`, [
                  int('transB', transposed ? 1 : 0),
                ]);
          return [product, node(activation, [`p${layer}`], `h${layer + 1}`)];
        });
        const original = model({
          input: [ROWS],
          output: [value(`h${stack.length}`, Type.FLOAT, ['n', width])],
          initializer,
          node: nodes,
        });
        const isLarge = initializer.some(
          ({ dims = [] }) => dims.length === 2 && (dims[0] ?? 0n) * (dims[1] ?? 0n) >= 1024n,
        );
        fc.pre(isLarge);
        const { bytes } = quantised(original);
        const [before, after] = [original, bytes].map((each) => descriptionOf(parseOnnx(each)));
        expect([after?.inputs, after?.outputs]).toEqual([before?.inputs, before?.outputs]);
        const x = rows(count, 64);
        const [expected, actual] = [await run(original, { x }), await run(bytes, { x })];
        fc.pre(expected.some((each) => Math.abs(each) > 0.1));
        expect(distance(expected, actual)).toBeLessThan(0.15);
      }),
      { numRuns: 40 },
    );
  });
});
